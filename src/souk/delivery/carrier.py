"""How a carrier signs what it tells us: an HMAC of the moment and the body, as payment's do.

Carrier-Signature: t=<Unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>." + body)>
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

import msgspec

from souk.delivery.domain import Number
from souk.kernel.errors import Invalid, Refusal

SIGNATURE = "carrier-signature"
TOLERANCE = 300  # seconds a signature is good for
DELIVERED = "delivered"
_SIGNED = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class BadSignature(Refusal):
    slug = "bad-signature"
    title = "The notice is not signed by the carrier"


class CarrierNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a parcel; of events the shop heeds `delivered`."""

    tracking_number: Number
    event: str


def sign(body: bytes, secret: str, moment: int) -> str:
    """The header's value."""
    return f"t={moment},v1={_mac(secret, str(moment), body)}"


def read_notice(body: bytes, signature: str, secret: str) -> CarrierNotice:
    """Nothing of an unsigned body is looked at. Raises BadSignature or Invalid."""
    signed = _SIGNED.fullmatch(signature)
    if signed is None or abs(time.time() - int(signed[1])) > TOLERANCE:
        raise BadSignature(f"a notice needs a fresh {SIGNATURE.title()} header")
    if not hmac.compare_digest(signed[2], _mac(secret, signed[1], body)):
        raise BadSignature("the signature is not that of this body")
    try:
        return msgspec.json.decode(body, type=CarrierNotice)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Invalid.field("", f"not a notice: {error}") from error


def _mac(secret: str, moment: str, body: bytes) -> str:
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
