"""Maps the fields of a product to the columns of a file, by the columns' names or by --map."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cli.importing.errors import ImportFailed

# The staff page uses the same file.
_COLUMN_NAMES_FILE: Final = (
    Path(__file__).parents[2] / "storefront/pages/staff/importing/columns.json"
)
COLUMN_NAMES: Final = msgspec.json.decode(
    _COLUMN_NAMES_FILE.read_bytes(), type=dict[str, tuple[str, ...]]
)
"""The column names recognized for each field, most likely first, in their normalized form."""
REQUIRED_FIELDS: Final = ("sku", "name", "price")
MAX_COLUMNS_SHOWN: Final = 20

ColumnMapping = Mapping[str, str]
"""Field to column. A field without a column is absent."""


def map_columns(columns: Sequence[str], mappings: Sequence[str]) -> ColumnMapping:
    """Map each field to one of the file's columns.

    `mappings` are the values of --map, `field=column`; they have precedence over recognized
    names. An empty column, such as `image=`, ignores the field.
    Raises ImportFailed for an invalid mapping, and if a required field has no column.
    """
    column_of = dict(_parse_mapping(mapping, columns) for mapping in mappings)
    used = set(column_of.values())
    for field, names in COLUMN_NAMES.items():
        if field not in column_of:
            unused = {
                _normalize(column): column for column in reversed(columns) if column not in used
            }
            column_of[field] = next((unused[name] for name in names if name in unused), "")
            used.add(column_of[field])
    mapped = {field: column for field, column in column_of.items() if column}
    _check_required_fields(mapped, columns)
    return mapped


def _normalize(column: str) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[\W_]", "", column.casefold())


def _parse_mapping(mapping: str, columns: Sequence[str]) -> tuple[str, str]:
    field, equals, column = (part.strip() for part in mapping.partition("="))
    if not equals or field not in COLUMN_NAMES:
        raise ImportFailed(
            f"Invalid --map {mapping}: expected FIELD=COLUMN, where FIELD is one of"
            f" {', '.join(COLUMN_NAMES)}."
        )
    if column and column not in columns:
        raise ImportFailed(
            f"The file has no column {column!r}; its columns are {_format_columns(columns)}."
        )
    return field, column


def _check_required_fields(mapped: ColumnMapping, columns: Sequence[str]) -> None:
    missing = [field for field in REQUIRED_FIELDS if field not in mapped]
    if missing:
        raise ImportFailed(
            f"No column found for {', '.join(missing)}; the columns are {_format_columns(columns)}."
            f" Choose a column with --map {missing[0]}=COLUMN."
        )


def _format_columns(columns: Sequence[str]) -> str:
    shown = ", ".join(map(repr, columns[:MAX_COLUMNS_SHOWN]))
    hidden = len(columns) - MAX_COLUMNS_SHOWN
    return f"{shown} and {hidden} more" if hidden > 0 else shown
