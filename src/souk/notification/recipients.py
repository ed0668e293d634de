"""Who mails go to: asked for by the batch, and known no longer than it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.notification.domain import RecipientUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from souk.notification.domain import Recipient

    Ask = Callable[[Sequence[str]], Mapping[str, Recipient]]
    """Who is behind contact ids, of those anybody left."""


class _Data(msgspec.Struct):
    contact_id: str | None = None


class _Detail(msgspec.Struct):
    data: _Data


class _Message(msgspec.Struct):
    detail: _Detail


class Recipients:
    """All whom a batch of facts names are asked for together, with the first that is needed."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._expected: set[str] = set()
        self._known: dict[str, Recipient] = {}

    def begin(self, event: dict[str, Any]) -> None:
        """A batch has come."""
        self._known = {}
        self._expected = set(_named(event))

    def forget(self) -> None:
        """The batch is done."""
        self.begin({"Records": []})

    def __call__(self, contact_id: str) -> Recipient:
        """Raises RecipientUnknown, and what asking raises."""
        if contact_id not in self._known:
            self._known |= self._ask(sorted({contact_id, *self._expected}))
            self._expected = set()
        if contact_id not in self._known:
            raise RecipientUnknown(f"nobody left a contact {contact_id}")
        return self._known[contact_id]


def _named(event: dict[str, Any]) -> Iterator[str]:
    for record in event["Records"]:
        try:
            said = msgspec.json.decode(record["body"], type=_Message)
        except msgspec.MsgspecError:
            continue  # whatever it is, it will be told of when it is heard
        if said.detail.data.contact_id:
            yield said.detail.data.contact_id
