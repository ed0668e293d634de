"""Converts plain Python values to and from DynamoDB's typed attributes."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]
"""A DynamoDB item in its wire format: attribute name to typed value."""


def to_item(values: dict[str, Any]) -> Item:
    """Omits None: the attribute is absent, which keeps sparse indexes sparse.

    Raises TypeError for a type that has no counterpart, float included.
    """
    return {name: _typed(value) for name, value in values.items() if value is not None}


def from_item(item: Item) -> dict[str, Any]:
    """Numbers become int: the shop stores no fractions."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [_typed(each) for each in value]}
        case dict():
            return {"M": to_item(value)}
    raise TypeError(f"no DynamoDB type for {type(value).__name__}")


def _plain(attribute: dict[str, Any]) -> Any:
    ((type_code, value),) = attribute.items()
    match type_code:
        case "N":
            return int(value)
        case "L":
            return [_plain(each) for each in value]
        case "M":
            return from_item(value)
    return value
