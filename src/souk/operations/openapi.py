"""Describes operations' parameters for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "queue": {
        "description": "The logical id of a dead-letter queue, as on the map",
        "schema": {"type": "string", "maxLength": 200},
        "example": "BasketDeadLetters96DEF36E",
    },
}
