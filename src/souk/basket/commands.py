"""What basket can be asked by other rooms: who receives an order."""

from __future__ import annotations

import msgspec

from souk.kernel.commands import Command


class GetContact(Command, frozen=True, kw_only=True):
    """Tell who is behind a contact id, for a parcel or a mail. Raises ContactUnknown.

    The answer is personal data: it goes into no log, no fact and no workflow.
    """

    contact_id: str


class PostalAddress(msgspec.Struct, frozen=True, kw_only=True):
    """`country` is an ISO 3166-1 alpha-2 code."""

    line1: str
    city: str
    country: str
    line2: str | None = None
    postcode: str | None = None


class ContactCard(msgspec.Struct, frozen=True, kw_only=True):
    contact_id: str
    name: str
    email: str
    address: PostalAddress
