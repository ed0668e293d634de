"""Which column of a file is which field of a product: guessed by its name, or told."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cli.importing.faults import ImportRefused

# What a field's column may be called, the likeliest first; written without spaces and signs.
# The staff's page guesses by the same file.
_TABLE: Final = Path(__file__).parents[2] / "storefront/pages/staff/importing/columns.json"
NAMES: Final = msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, tuple[str, ...]])
NEEDED: Final = ("sku", "name", "price")

Columns = Mapping[str, str]


def columns(found: Sequence[str], told: Sequence[str]) -> Columns:
    """The column of each field that has one; `told` are the wishes of --map, `field=column`.

    An empty column, `image=`, leaves the field out. Raises ImportRefused.
    """
    chosen = dict(_wish(wish, found) for wish in told)
    taken = set(chosen.values())
    for field, names in NAMES.items():
        if field not in chosen:
            free = {_plain(column): column for column in reversed(found) if column not in taken}
            chosen[field] = next((free[name] for name in names if name in free), "")
            taken.add(chosen[field])
    mapped = {field: column for field, column in chosen.items() if column}
    _check(mapped, found)
    return mapped


def _plain(column: str) -> str:
    return re.sub(r"[\W_]", "", column.casefold())


def _wish(wish: str, found: Sequence[str]) -> tuple[str, str]:
    field, equals, column = (part.strip() for part in wish.partition("="))
    if not equals or field not in NAMES:
        raise ImportRefused(
            f"--map {wish} is not understood: it is FIELD=COLUMN, and a FIELD is one of"
            f" {', '.join(NAMES)}."
        )
    if column and column not in found:
        raise ImportRefused(f"There is no column {column!r} in the file; it has {_listed(found)}.")
    return field, column


def _check(mapped: Columns, found: Sequence[str]) -> None:
    missing = [field for field in NEEDED if field not in mapped]
    if missing:
        raise ImportRefused(
            f"No column was taken for {' and '.join(missing)}: the file has {_listed(found)};"
            f" name the right one with --map {missing[0]}=COLUMN."
        )


def _listed(found: Sequence[str], most: int = 20) -> str:
    names = ", ".join(map(repr, found[:most]))
    return names if len(found) <= most else f"{names} and {len(found) - most} more"
