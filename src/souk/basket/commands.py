"""What basket can be asked by other rooms: who receives orders."""

from __future__ import annotations

import msgspec

from souk.kernel.commands import Command


class GetContacts(Command, frozen=True, kw_only=True):
    """Tell who is behind contact ids, for parcels or mails; of one nobody left, nothing.

    The answer is personal data: it goes into no log, no fact and no workflow.
    """

    contact_ids: list[str]


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


class ContactCards(msgspec.Struct, frozen=True, kw_only=True):
    """In any order."""

    cards: list[ContactCard]
