"""A mail: what it is about, who is behind its contact id, and how far it got."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

LEASE_SECONDS = 40
"""Longer than a function lives (30 s), shorter than a failed message comes again (51 s)."""


class OrderNotHeardOf(Exception):
    """Nobody said yet whose order this is; the fact that does is on its way."""


class RecipientUnknown(Exception):
    """No checkout left this contact."""


class BeingSent(Exception):
    """Another function is at it, or died over it: its lease tells when that is certain."""


class Undeliverable(Exception):
    """The post will never take this mail; the text is the reason, a slug."""


class NotTaken(Exception):
    """The post did not take it for now, and certainly sent nothing; the text says why."""


class Kind(Enum):
    """What a customer is written about."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUNDED = "refunded"


class Notice(NamedTuple):
    """Something a customer is to be told of, once; `values` are what its template asks for.

    `contact_id` is None where the fact has none. `part` tells mails of one kind about one
    order apart: the refund's id, the return's.
    """

    kind: Kind
    order_id: str
    values: Mapping[str, str]
    contact_id: str | None = None
    part: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind.value}#{self.part}" if self.part else self.kind.value


class Word(NamedTuple):
    """Something staff are to be told of, once for a `name`."""

    template: str
    name: str
    values: Mapping[str, str]


class Recipient(msgspec.Struct, frozen=True):
    """Who is written to. Kept nowhere in this room."""

    name: str
    email: str
    address: str


class Letter(msgspec.Struct, frozen=True):
    """What is sent."""

    subject: str
    text: str
    html: str


class Mail(NamedTuple):
    """One thing sent, or to be sent: `about` an order or `staff`, and its name there.

    Nothing in it tells who it goes to.
    """

    about: str
    name: str
    subject: str
    contact_id: str | None = None


STAFF = "staff"
