"""A ledger and a provider in memory, and the real ledger with its facts laid open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from souk.kernel.clock import now, stamp
from souk.payment import events
from souk.payment.domain import Entry, Payment, PaymentMoved, Standing, Step
from souk.payment.provider import BadSignature, NoAnswer, Notice, Wish
from souk.payment.store import PaymentStore
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.kernel.facts import Fact
    from souk.kernel.money import Money

AnswerT = TypeVar("AnswerT")
FACTS = (
    events.PaymentAuthorized,
    events.PaymentDeclined,
    events.PaymentCaptured,
    events.PaymentVoided,
    events.PaymentRefunded,
)


class Killed(BaseException):
    """The function dies here: nothing catches it."""


class FakePayments:
    """The ledger. `dies_before` and `dies_after` count down saves to the one that kills."""

    def __init__(self) -> None:
        self._kept: dict[str, Payment] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._changed: dict[str, str] = {}
        self._cursor: str | None = None
        self.said: list[Fact] = []
        self.saves = 0
        self.dies_before: int | None = None
        self.dies_after: int | None = None

    def get(self, order_id: str) -> Payment | None:
        return self._kept.get(order_id)

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        return {each: self._kept[each] for each in order_ids if each in self._kept}

    def entries(self, order_id: str) -> list[Entry]:
        return sorted(self._entries.get(order_id, []), key=lambda each: each.key)

    def save(self, before: Payment | None, step: Step) -> Payment:
        self.saves += 1
        if self.saves == self.dies_before:
            raise Killed
        order_id = step.payment.order_id
        kept = self._kept.get(order_id)
        if (kept.version if kept else 0) != (before.version if before else 0):
            raise PaymentMoved(order_id)
        had = self._entries.setdefault(order_id, [])
        assert not {each.key for each in had} & {each.key for each in step.entries}
        had += step.entries
        self.said += step.facts
        version = (before.version if before else 0) + 1
        self._kept[order_id] = msgspec.structs.replace(step.payment, version=version)
        self._changed[order_id] = stamp(now())
        if self.saves == self.dies_after:
            raise Killed
        return self._kept[order_id]

    def unsettled(self, before: str) -> Iterator[str]:
        for order_id, payment in list(self._kept.items()):
            if payment.unsettled and self._changed[order_id] < before:
                yield order_id

    def cursor(self) -> str | None:
        return self._cursor

    def move_cursor(self, until: str) -> None:
        self._cursor = until


class StoredPayments(PaymentStore):
    """The real ledger on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, *FACTS)


class FakeProvider:
    """A provider in memory that does as it is told, or fails as it is told.

    `silent` names calls that are not answered: `before` they are done or `after`. `dies` names
    those during which our function is killed.
    """

    name = "fake"

    def __init__(self) -> None:
        self.books: dict[str, Standing] = {}
        self.amounts: dict[str, int] = {}
        self.given: dict[str, int] = {}
        self.silent: dict[str, str] = {}
        self.dies: dict[str, str] = {}
        self.decline: str | None = None
        self.is_slow = False
        self.authorizations = 0
        self.calls: list[str] = []
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def open(self, wish: Wish) -> str:
        return self._call("open", lambda: self._open(wish))

    def authorize(self, reference: str, wish: Wish) -> Standing:
        return self._call("authorize", lambda: self._authorize(reference, wish))

    def capture(self, reference: str) -> Standing:
        return self._call("capture", lambda: self._capture(reference))

    def void(self, reference: str) -> Standing:
        return self._call("void", lambda: self._void(reference))

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        return self._call("refund", lambda: self._refund(reference, refund_id, amount.amount))

    def find(self, reference: str) -> Standing:
        return self._call("find", lambda: self.books[reference])

    def list(self, since: str, until: str) -> Iterator[Standing]:
        return iter(self._call("list", lambda: list(self.books.values())))

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        if headers.get("signed") != "yes":
            raise BadSignature("it is not signed")
        return msgspec.json.decode(body, type=Notice)

    def settle(self, reference: str) -> None:
        """What was pending is authorised now."""
        self._now(reference, status="authorized", authorized=self.amounts[reference])

    def _open(self, wish: Wish) -> str:
        reference = f"ref-{wish.order_id}"
        self.amounts[reference] = wish.amount.amount
        opened = Standing(reference=reference, order_id=wish.order_id, status="open")
        self.books.setdefault(reference, opened)
        return reference

    def _authorize(self, reference: str, wish: Wish) -> Standing:
        if self.books[reference].status != "open":
            return self.books[reference]
        if self.decline:
            return self._now(reference, status="declined", reason=self.decline)
        if self.is_slow:
            return self._now(reference, status="pending")
        self.authorizations += 1
        return self._now(reference, status="authorized", authorized=wish.amount.amount)

    def _capture(self, reference: str) -> Standing:
        known = self.books[reference]
        if known.status != "authorized":
            return known
        return self._now(reference, status="captured", captured=known.authorized)

    def _void(self, reference: str) -> Standing:
        if self.books[reference].status not in ("open", "pending", "authorized"):
            return self.books[reference]
        return self._now(reference, status="voided")

    def _refund(self, reference: str, refund_id: str, amount: int) -> bool:
        if refund_id in self.given:
            return True
        known = self.books[reference]
        if amount > known.captured - known.refunded:
            return False
        self.given[refund_id] = amount
        self._now(reference, refunded=known.refunded + amount)
        return True

    def _now(self, reference: str, **changes: object) -> Standing:
        self.books[reference] = msgspec.structs.replace(self.books[reference], **changes)
        return self.books[reference]

    def _call(self, name: str, act: Callable[[], AnswerT]) -> AnswerT:
        self.calls.append(name)
        self._fail(name, "before")
        answer = act()
        self.meanwhile.pop(name, lambda: None)()
        self._fail(name, "after")
        return answer

    def _fail(self, name: str, moment: str) -> None:
        if self.dies.get(name) == moment:
            raise Killed
        if self.silent.get(name) == moment:
            raise NoAnswer(name)


class Mailbox:
    """Takes the sandbox's notices."""

    def __init__(self) -> None:
        self.notices: list[tuple[bytes, Mapping[str, str]]] = []

    def take(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.notices.append((body, headers))
