"""Describes catalog's parameters and request bodies for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "category": {
        "description": "Returns only products of this category",
        "schema": {"type": "string", "maxLength": 60},
        "example": "Lamps",
    },
}
_PRICE = {"amount": 1999, "currency": "GBP"}
_PRODUCT = {"name": "Brass lamp", "category": "Lamps", "weight_grams": 850}

EXAMPLES: dict[str, Json] = {
    "PictureUploadRequest": {"type": "image/jpeg", "size": 123_456},
    "CreateProductRequest": {"sku": "LAMP-01", **_PRODUCT, "price": _PRICE},
    "UpdateProductRequest": {**_PRODUCT, "description": "Warm light for long evenings."},
    "ChangePriceRequest": {"price": _PRICE},
}
