"""Commands that basket answers for other services."""

from __future__ import annotations

import msgspec

from souk.kernel.commands import Command


class GetContacts(Command, frozen=True, kw_only=True):
    """Get the name, email and address behind contact ids, to send parcels or emails.

    The result is a ContactList. It is personal data: do not put it into a log, an event or the
    input of a workflow. Unknown ids are omitted.
    """

    contact_ids: list[str]


class PostalAddress(msgspec.Struct, frozen=True, kw_only=True):
    """`country` is an ISO 3166-1 alpha-2 code."""

    line1: str
    city: str
    country: str
    line2: str | None = None
    postcode: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    contact_id: str
    name: str
    email: str
    address: PostalAddress


class ContactList(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts found, in any order."""

    contacts: list[Contact]
