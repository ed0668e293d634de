"""Describes inventory's request bodies for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

EXAMPLES: dict[str, Json] = {
    "ReceiptRequest": {"quantity": 240, "reference": "delivery 2026-11-24"},
    "AdjustmentRequest": {"quantity": -2, "reason": "damaged in the shop window"},
}
