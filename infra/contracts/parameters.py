"""Descriptions of the parameters and headers that routes of several services have.

A service describes its own parameters, and an example of each request body, in its `openapi.py`.
"""

from __future__ import annotations

from typing import Any

from souk.runtime.routes import DEFAULT_PAGE_SIZE

Json = dict[str, Any]

SHARED_PARAMETERS: dict[str, Json] = {  # in path, query and header
    "sku": {
        "description": "Stock keeping unit",
        "schema": {"type": "string", "maxLength": 40},
        "example": "LAMP-01",
    },
    "order_id": {
        "description": "The order's id, as returned by checkout",
        "schema": {"type": "string", "format": "uuid"},
        "example": "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f50",
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
    "If-Match": {
        "description": "The `ETag` of the version that you read",
        "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,12}"$'},
        "example": '"3"',
    },
    "Idempotency-Key": {
        "description": "A key that you create. A repeated request with the same key has no further "
        "effect and returns the same response",
        "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
        "example": "0196f3a2-6c1e-7d10",
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
