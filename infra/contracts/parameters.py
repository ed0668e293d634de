"""Descriptions of the API's parameters and headers, and an example of each request body."""

from __future__ import annotations

from typing import Any

from souk.ordering.domain import OrderStatus
from souk.runtime.routes import DEFAULT_PAGE_SIZE

Json = dict[str, Any]

ORDER_ID = "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f50"
RETURN_ID = "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f51"

PARAMETERS: dict[str, Json] = {  # path, query and header parameters
    "sku": {
        "description": "Stock keeping unit",
        "schema": {"type": "string", "maxLength": 40},
        "example": "LAMP-01",
    },
    "order_id": {
        "description": "The order's id, as returned by checkout",
        "schema": {"type": "string", "format": "uuid"},
        "example": ORDER_ID,
    },
    "category": {
        "description": "Returns only products of this category",
        "schema": {"type": "string", "maxLength": 60},
        "example": "Lamps",
    },
    "service": {
        "description": "Returns only events published by this service",
        "schema": {"type": "string", "maxLength": 40},
        "example": "ordering",
    },
    "day": {
        "description": "Today (UTC) or an earlier day",
        "schema": {"type": "string", "format": "date"},
        "example": "2026-11-29",
    },
    "queue": {
        "description": "The logical id of a dead-letter queue, as on the map",
        "schema": {"type": "string", "maxLength": 200},
        "example": "BasketDeadLetters96DEF36E",
    },
    "return_id": {
        "description": "The return's id, as returned when it was requested",
        "schema": {"type": "string", "format": "uuid"},
        "example": RETURN_ID,
    },
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
    "limit": {
        "description": "The maximum number of items to return",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "default": DEFAULT_PAGE_SIZE,
        },
    },
    "cursor": {
        "description": "`next` of the previous page; omit it for the first page",
        "schema": {"type": "string"},
    },
    "provider": {
        "description": "The payment provider that sends the webhook",
        "schema": {"type": "string", "enum": ["sandbox", "stripe"]},
        "example": "sandbox",
    },
    "If-Match": {
        "description": "The `ETag` of the version that you read",
        "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,12}"$'},
        "example": '"3"',
    },
    "Guest-Token": {
        "description": "The guest token of the basket to take over",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22,128}$"},
        "example": "3qtVfNbNZ1ZRrM0pQ8h0mQ",
    },
    "Idempotency-Key": {
        "description": "A key that you create. A repeated request with the same key has no further "
        "effect and returns the same response",
        "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
        "example": "0196f3a2-6c1e-7d10",
    },
}

STATUS: dict[str, Json] = {  # the query parameter `status`, by the route's path
    "/orders": {
        "description": "Returns only orders in this status",
        "schema": {"type": "string", "enum": [status.value for status in OrderStatus]},
    },
    "/shipments": {
        "description": "Returns only shipments in this status",
        "schema": {
            "type": "string",
            "enum": ["ready", "dispatching", "capture-failed", "dispatched"],
        },
    },
    "/returns": {
        "description": "`requested`: not decided yet; `accepted`: the refund is pending",
        "schema": {"type": "string", "enum": ["requested", "accepted"], "default": "requested"},
    },
}

HEADERS: dict[str, Json] = {  # response headers
    "Correlation-Id": {
        "description": "Identifies the request in logs and events. A valid `Correlation-Id` of the "
        "request is reused",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The resource's version, for `If-Match`",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Location": {
        "description": "The URL of the new resource; after 202 it may exist a moment later",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated",
        "schema": {"type": "integer"},
    },
}


def describe_parameter(path: str, name: str) -> Json:
    """Description, schema and example of a parameter of the route `path` (without prefix)."""
    return STATUS[path] if name == "status" else PARAMETERS[name]


_ADDRESS = {"line1": "1 Analytical Row", "city": "London", "country": "GB"}
_CONTACT = {"name": "Ada Byron", "email": "ada@example.com", "address": _ADDRESS}
_PRICE = {"amount": 1999, "currency": "GBP"}
_PRODUCT = {"name": "Brass lamp", "category": "Lamps", "weight_grams": 850}
_SHIPPING_PRICE = {"amount": 995, "currency": "GBP"}
_RATES = [
    {"country": "GB", "max_grams": 2000, "price": _SHIPPING_PRICE},
    {"country": "*", "price": _SHIPPING_PRICE},
]

EXAMPLE_BODIES: dict[str, Json] = {  # by the class of the request body
    "PictureUploadRequest": {"type": "image/jpeg", "size": 123_456},
    "CreateProductRequest": {"sku": "LAMP-01", **_PRODUCT, "price": _PRICE},
    "UpdateProductRequest": {**_PRODUCT, "description": "Warm light for long evenings."},
    "ChangePriceRequest": {"price": _PRICE},
    "SetQuantityRequest": {"quantity": 2},
    "ReceiptRequest": {"quantity": 240, "reference": "delivery 2026-11-24"},
    "AdjustmentRequest": {"quantity": -2, "reason": "damaged in the shop window"},
    "ReturnRequest": {
        "lines": [{"sku": "LAMP-01", "quantity": 1}],
        "reason": "It is smaller than I expected.",
    },
    "AcceptanceRequest": {"lines": [{"sku": "LAMP-01", "restock": True}]},
    "RejectionRequest": {"reason": "The lamp has been used."},
    "CancellationRequest": {"reason": "The lamp was damaged in the warehouse."},
    "CreateShippingOptionRequest": {"id": "express", "name": "Express", "rates": _RATES},
    "UpdateShippingOptionRequest": {"name": "Express", "rates": _RATES, "offered": False},
    "DispatchRequest": {"carrier": "souk-post", "tracking_number": "SP-0012-7788"},
    "CheckoutRequest": {
        "contact": _CONTACT,
        "shipping_option": "standard",
        "payment_token": "tok_ok",
        "expected_total": {"amount": 4493, "currency": "GBP"},
    },
}
