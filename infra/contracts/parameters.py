"""What the API's parameters and headers may hold; a name means the same on every route."""

from __future__ import annotations

from typing import Any

from souk.edges.routes import DEFAULT_PAGE
from souk.ordering.domain import Status

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "sku": {
        "description": "Stock keeping unit",
        "schema": {"type": "string", "maxLength": 40},
        "example": "LAMP-01",
    },
    "order_id": {
        "description": "As checkout answered it",
        "schema": {"type": "string", "format": "uuid"},
        "example": "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f50",
    },
    "category": {
        "description": "Only products of this category",
        "schema": {"type": "string", "maxLength": 60},
        "example": "Lamps",
    },
    "room": {
        "description": "Only what this room says",
        "schema": {"type": "string", "maxLength": 40},
        "example": "ordering",
    },
    "day": {
        "description": "A day up to today (UTC)",
        "schema": {"type": "string", "format": "date"},
        "example": "2026-11-29",
    },
    "status": {
        "description": "How an order stands",
        "schema": {"type": "string", "enum": [status.value for status in Status]},
    },
    "queue": {
        "description": "A queue's logical id, as on the map",
        "schema": {"type": "string", "maxLength": 200},
        "example": "BasketDeadLetters96DEF36E",
    },
    "return_id": {
        "description": "As it was answered when the return was asked for",
        "schema": {"type": "string", "format": "uuid"},
        "example": "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f51",
    },
    "awaits": {
        "description": "Returns that wait for a verdict, or accepted ones for their refund",
        "schema": {"type": "string", "enum": ["requested", "accepted"], "default": "requested"},
    },
    "state": {
        "description": "How an unfinished shipment stands",
        "schema": {"type": "string", "enum": ["ready", "dispatching", "parked", "dispatched"]},
    },
    "option": {
        "description": "A shipping option's id",
        "schema": {"type": "string", "maxLength": 40},
        "example": "standard",
    },
    "carrier": {
        "description": "Whose parcel it is, as staff named it when it was dispatched",
        "schema": {"type": "string", "maxLength": 40},
        "example": "souk-post",
    },
    "country": {
        "description": "ISO 3166-1 alpha-2 code of where it goes",
        "schema": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "example": "GB",
    },
    "weight_grams": {
        "description": "What the parcel weighs",
        "schema": {"type": "integer", "minimum": 0, "maximum": 1_000_000_000_000},
        "example": 1200,
    },
    "limit": {
        "description": "How many at most",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "default": DEFAULT_PAGE,
        },
    },
    "cursor": {
        "description": "`next` of the page before; nothing for the first page",
        "schema": {"type": "string"},
    },
    "provider": {
        "description": "Whose webhook it is",
        "schema": {"type": "string", "enum": ["sandbox", "stripe"]},
        "example": "sandbox",
    },
    "If-Match": {
        "description": "The `ETag` of what you read",
        "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,12}"$'},
        "example": '"3"',
    },
    "Guest-Token": {
        "description": "The token the basket was filled with, before its owner signed in",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22,128}$"},
        "example": "3qtVfNbNZ1ZRrM0pQ8h0mQ",
    },
    "Idempotency-Key": {
        "description": "Of your own making; the same key again gives the same answer again",
        "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
        "example": "0196f3a2-6c1e-7d10",
    },
}

HEADERS: dict[str, Json] = {
    "Correlation-Id": {
        "description": "Names this journey in logs and facts; yours, if you sent a good one",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The version, for `If-Match`",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Location": {
        "description": "Where the new thing is, or will be in a moment",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds after which asking again may help",
        "schema": {"type": "integer"},
    },
}

_ADDRESS = {"line1": "1 Analytical Row", "city": "London", "country": "GB"}
_CONTACT = {"name": "Ada Byron", "email": "ada@example.com", "address": _ADDRESS}
_PRICE = {"amount": 1999, "currency": "GBP"}
_DETAILS = {"name": "Brass lamp", "category": "Lamps", "weight_grams": 850}
_FEE = {"amount": 995, "currency": "GBP"}
_RATES = [{"country": "GB", "max_grams": 2000, "price": _FEE}, {"country": "*", "price": _FEE}]

BODIES: dict[str, Json] = {  # an example of each body, by its class
    "NewPicture": {"type": "image/jpeg", "size": 123_456},
    "NewProduct": {"sku": "LAMP-01", **_DETAILS, "price": _PRICE},
    "ProductDetails": {**_DETAILS, "description": "Warm light for long evenings."},
    "NewPrice": {"price": _PRICE},
    "PutLine": {"quantity": 2},
    "NewReceipt": {"quantity": 240, "reference": "delivery 2026-11-24"},
    "NewAdjustment": {"by": -2, "reason": "broken in the window"},
    "NewReturn": {"lines": [{"sku": "LAMP-01", "quantity": 1}], "reason": "does not fit"},
    "Acceptance": {"lines": [{"sku": "LAMP-01", "restock": True}]},
    "Refusal": {"reason": "It was used for weeks."},
    "StaffCancellation": {"reason": "The lamp arrived broken."},
    "NewOption": {"option": "express", "name": "Express", "rates": _RATES},
    "OptionDetails": {"name": "Express", "rates": _RATES, "offered": False},
    "DispatchWish": {"carrier": "souk-post", "tracking_number": "SP-0012-7788"},
    "CheckoutWish": {
        "contact": _CONTACT,
        "shipping_option": "standard",
        "payment_token": "tok_ok",
        "expected_total": {"amount": 4493, "currency": "GBP"},
    },
}
