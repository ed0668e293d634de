"""Regular expressions for text in requests. They are also valid in JSON Schema."""

from __future__ import annotations

END_OF_TEXT = r"$(?!\n)"  # Python's `$` allows a trailing newline; JSON Schema has no `\Z`
SKU = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}" + END_OF_TEXT
ONE_LINE = r"^[^\x00-\x1f\x7f]*" + END_OF_TEXT
