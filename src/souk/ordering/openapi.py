"""Describes ordering's parameters and request bodies for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from souk.ordering.domain import OrderStatus

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "return_id": {
        "description": "The return's id, as returned when it was requested",
        "schema": {"type": "string", "format": "uuid"},
        "example": "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f51",
    },
    "day": {
        "description": "Today (UTC) or an earlier day",
        "schema": {"type": "string", "format": "date"},
        "example": "2026-11-29",
    },
    "/orders?status": {
        "description": "Returns only orders in this status",
        "schema": {"type": "string", "enum": [status.value for status in OrderStatus]},
    },
    "/returns?status": {
        "description": "`requested`: not decided yet; `accepted`: the refund is pending",
        "schema": {"type": "string", "enum": ["requested", "accepted"], "default": "requested"},
    },
}
EXAMPLES: dict[str, Json] = {
    "ReturnRequest": {
        "lines": [{"sku": "LAMP-01", "quantity": 1}],
        "reason": "It is smaller than I expected.",
    },
    "AcceptanceRequest": {"lines": [{"sku": "LAMP-01", "restock": True}]},
    "RejectionRequest": {"reason": "The lamp has been used."},
    "CancellationRequest": {"reason": "The lamp was damaged in the warehouse."},
}
