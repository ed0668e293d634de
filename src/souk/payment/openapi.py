"""Describes payment's parameters for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "provider": {
        "description": "The payment provider that sends the webhook",
        "schema": {"type": "string", "enum": ["sandbox", "stripe"]},
        "example": "sandbox",
    },
}
