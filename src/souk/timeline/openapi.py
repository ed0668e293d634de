"""Describes timeline's parameters for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "service": {
        "description": "Returns only events published by this service",
        "schema": {"type": "string", "maxLength": 40},
        "example": "ordering",
    },
}
