"""Recipients of emails: all of a batch are fetched in one call and cached for the batch only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.notification.domain import RecipientNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from souk.notification.domain import Recipient

    FetchRecipients = Callable[[Sequence[str]], Mapping[str, Recipient]]
    """Recipients by contact id. Unknown ids are omitted."""


class _Data(msgspec.Struct):
    contact_id: str | None = None


class _Detail(msgspec.Struct):
    data: _Data


class _Message(msgspec.Struct):
    detail: _Detail


class Recipients:
    """Fetches all recipients of a batch of events in one call, on first use."""

    def __init__(self, fetch: FetchRecipients) -> None:
        self._fetch = fetch
        self._to_fetch: set[str] = set()
        self._fetched: dict[str, Recipient] = {}

    def start_batch(self, event: dict[str, Any]) -> None:
        """`event` is the SQS event that invoked the function."""
        self._fetched = {}
        self._to_fetch = set(_contact_ids(event))

    def end_batch(self) -> None:
        self.start_batch({"Records": []})

    def find(self, contact_id: str) -> Recipient:
        """Raises RecipientNotFound, and whatever the fetch raises."""
        if contact_id not in self._fetched:
            self._fetched |= self._fetch(sorted({contact_id, *self._to_fetch}))
            self._to_fetch = set()
        if contact_id not in self._fetched:
            raise RecipientNotFound(f"there is no contact {contact_id}")
        return self._fetched[contact_id]


def _contact_ids(event: dict[str, Any]) -> Iterator[str]:
    for record in event["Records"]:
        try:
            message = msgspec.json.decode(record["body"], type=_Message)
        except msgspec.MsgspecError:
            continue  # the consumer reports an unreadable message
        if message.detail.data.contact_id:
            yield message.detail.data.contact_id
