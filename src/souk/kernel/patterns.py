"""Patterns for text that comes from outside."""

from __future__ import annotations

END = r"$(?!\n)"  # Python's `$` alone lets a newline follow; JSON Schema knows no `\Z`
ONE_LINE = r"^[^\x00-\x1f\x7f]*" + END
