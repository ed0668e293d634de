"""Which column of a file is which field of a product: guessed by its name, or told."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cli.importing.faults import ImportRefused

# What a field's column may be called, the likeliest first; written without spaces and signs.
NAMES: Final = {
    "sku": ("sku", "productid", "productcode", "itemcode", "stockcode", "code", "id"),
    "name": ("name", "productname", "itemname", "title", "description"),
    "description": ("description", "longdescription", "details", "text", "body"),
    "price": ("price", "unitprice", "salesprice", "retailprice"),
    "currency": ("currency", "currencycode", "pricecurrency"),
    "category": ("category", "productcategory", "department", "producttype"),
    "weight_grams": ("weightgrams", "weightg", "grams", "weightingrams", "weight"),
    "weight_kg": ("weightkg", "weightkilograms", "kilograms", "kg", "weightinkg"),
    "image": ("image", "imageurl", "imagelink", "imagesrc", "picture", "photo"),
    "stock": ("stock", "currentstock", "stocklevel", "quantity", "qty", "onhand", "inventory"),
}
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
