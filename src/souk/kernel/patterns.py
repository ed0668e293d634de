"""Patterns for text that comes from outside."""

from __future__ import annotations

END = r"$(?!\n)"  # Python's `$` alone lets a newline follow; JSON Schema knows no `\Z`
SKU = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}" + END
ONE_LINE = r"^[^\x00-\x1f\x7f]*" + END
