"""Describes delivery's parameters and request bodies for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "option_id": {
        "description": "The shipping option's id",
        "schema": {"type": "string", "maxLength": 40},
        "example": "standard",
    },
    "carrier": {
        "description": "The carrier that staff entered at dispatch",
        "schema": {"type": "string", "maxLength": 40},
        "example": "souk-post",
    },
    "status": {
        "description": "Returns only shipments in this status",
        "schema": {
            "type": "string",
            "enum": ["ready", "dispatching", "capture-failed", "dispatched"],
        },
    },
}
_PRICE = {"amount": 995, "currency": "GBP"}
_RATES = [
    {"country": "GB", "max_grams": 2000, "price": _PRICE},
    {"country": "*", "price": _PRICE},
]

EXAMPLES: dict[str, Json] = {
    "CreateShippingOptionRequest": {"id": "express", "name": "Express", "rates": _RATES},
    "UpdateShippingOptionRequest": {"name": "Express", "rates": _RATES, "offered": False},
    "DispatchRequest": {"carrier": "souk-post", "tracking_number": "SP-0012-7788"},
}
