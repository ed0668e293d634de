"""Emails to customers, messages to staff, and why sending one can fail."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

STAFF = "staff"
LEASE_SECONDS = 40
"""Longer than the function's timeout (30 s), shorter than all retry delays together (51 s)."""


class OrderNotKnownYet(Exception):
    """No event with the order's contact id has arrived yet. Retry."""


class RecipientNotFound(Exception):
    """Basket has no contact with this id."""


class SendInProgress(Exception):
    """Another invocation has claimed the email, or crashed while sending it. Retry."""


class Undeliverable(Exception):
    """SES will never accept this email; the text is the reason, a slug."""


class NotAccepted(Exception):
    """SES or SNS did not accept the message and sent nothing. Retry. The text is the error."""


class EmailType(Enum):
    """The types of emails to customers. Each value names a template."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUNDED = "refunded"


class CustomerEmail(NamedTuple):
    """An email to send to an order's customer, once. `values` fill in its template.

    `contact_id` is None if the event has none. `reference` distinguishes emails of one type about
    one order: it is the id of the refund or return.
    """

    type: EmailType
    order_id: str
    values: Mapping[str, str]
    contact_id: str | None = None
    reference: str = ""

    @property
    def name(self) -> str:
        return f"{self.type.value}#{self.reference}" if self.reference else self.type.value


class StaffMessage(NamedTuple):
    """A message to staff, sent once for its `name`. `values` fill in its template."""

    template: str
    name: str
    values: Mapping[str, str]


class Recipient(msgspec.Struct, frozen=True):
    """A customer's name and addresses. This service does not store them."""

    name: str
    email: str
    address: str


class EmailContent(msgspec.Struct, frozen=True):
    subject: str
    text: str
    html: str


class Email(NamedTuple):
    """A record of an email or staff message, without any personal data.

    `about` is an order id, or `staff`. `name` is unique among the emails about one order, and
    among the messages to staff.
    """

    about: str
    name: str
    subject: str
    contact_id: str | None = None
