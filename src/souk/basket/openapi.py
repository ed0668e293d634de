"""Describes basket's parameters and request bodies for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "country": {
        "description": "ISO 3166-1 alpha-2 code of the destination",
        "schema": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "example": "GB",
    },
    "weight_grams": {
        "description": "The weight of the parcel in grams",
        "schema": {"type": "integer", "minimum": 0, "maximum": 1_000_000_000_000},
        "example": 1200,
    },
    "Guest-Token": {
        "description": "The guest token of the basket to take over",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22,128}$"},
        "example": "3qtVfNbNZ1ZRrM0pQ8h0mQ",
    },
}
_ADDRESS = {"line1": "1 Analytical Row", "city": "London", "country": "GB"}

EXAMPLES: dict[str, Json] = {
    "SetQuantityRequest": {"quantity": 2},
    "CheckoutRequest": {
        "contact": {"name": "Ada Byron", "email": "ada@example.com", "address": _ADDRESS},
        "shipping_option": "standard",
        "payment_token": "tok_ok",
        "expected_total": {"amount": 4493, "currency": "GBP"},
    },
}
