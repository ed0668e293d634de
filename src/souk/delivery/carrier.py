"""Carrier webhooks: parsing and signature check.

The signature is an HMAC of timestamp and body, as in the webhooks of the payment sandbox:

Carrier-Signature: t=<Unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>." + body)>
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

import msgspec

from souk.delivery.domain import TrackingNumber
from souk.kernel.errors import ApiError, InvalidRequest

SIGNATURE_HEADER = "carrier-signature"
TOLERANCE_SECONDS = 300
"""Maximum age of a signature."""

DELIVERED = "delivered"
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class BadSignature(ApiError):
    slug = "bad-signature"
    title = "Invalid signature"


class CarrierWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a parcel. The shop handles the event `delivered` only."""

    tracking_number: TrackingNumber
    event: str


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The value of the signature header; `timestamp` is in Unix seconds."""
    return f"t={timestamp},v1={_hmac(secret, str(timestamp), body)}"


def parse_webhook(body: bytes, signature: str, secret: str) -> CarrierWebhook:
    """Verifies the signature, then parses the body. Raises BadSignature, InvalidRequest."""
    match = _SIGNATURE.fullmatch(signature)
    if match is None or abs(time.time() - int(match[1])) > TOLERANCE_SECONDS:
        raise BadSignature(
            f"Send a {SIGNATURE_HEADER.title()} header that is at most"
            f" {TOLERANCE_SECONDS} seconds old."
        )
    if not hmac.compare_digest(match[2], _hmac(secret, match[1], body)):
        raise BadSignature(
            "The signature does not match this body. Sign the exact bytes with the shop's secret."
        )
    try:
        return msgspec.json.decode(body, type=CarrierWebhook)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidRequest.field("", f"The body is not a valid webhook: {error}.") from error


def _hmac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
