"""A ledger in memory, the real one with its facts laid open, and a provider that does as told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from souk.payment.domain import Entry, Payment, PaymentMoved
from souk.payment.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from souk.payment.provider import NoAnswer, Told
from souk.payment.store import PaymentStore
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from souk.kernel.facts import Fact
    from souk.kernel.money import Money


class Killed(BaseException):
    """The process ends here, as by a time-out; no `except Exception` holds it up."""


class FakeLedger:
    """Payments by order; `killed_before` and `killed_after` name the write that is the last."""

    def __init__(self) -> None:
        self._kept: dict[str, Payment] = {}
        self.entries: dict[str, dict[str, Entry]] = {}
        self.said: list[Fact] = []
        self.killed_before = self.killed_after = 0
        self._writes = 0

    def get(self, order_id: str) -> Payment | None:
        return self._kept.get(order_id)

    def begin(self, payment: Payment) -> bool:
        is_new = payment.order_id not in self._kept

        def write() -> None:
            if is_new:
                self._kept[payment.order_id] = payment

        self._write(write)
        return is_new

    def record(self, after: Payment, *facts: Fact, entry: Entry | None = None) -> None:
        def write() -> None:
            entries = self.entries.setdefault(after.order_id, {})
            moved = self._kept[after.order_id].version != after.version - 1
            if moved or (entry is not None and entry.key in entries):
                raise PaymentMoved
            self._kept[after.order_id] = after
            self.said += facts
            if entry is not None:
                entries[entry.key] = entry

        self._write(write)

    def has(self, order_id: str, key: str) -> bool:
        return key in self.entries.get(order_id, {})

    def left_open(self, before: str) -> Iterator[str]:
        return (it.order_id for it in self._kept.values() if it.status.is_open)

    def sums(self, order_id: str) -> dict[str, int]:
        """By kind, what the entries come to."""
        found: dict[str, int] = {}
        for entry in self.entries.get(order_id, {}).values():
            found[entry.kind] = found.get(entry.kind, 0) + entry.amount.amount
        return found

    def _write(self, write: Callable[[], None]) -> None:
        self._writes += 1
        if self._writes == self.killed_before:
            raise Killed
        write()
        if self._writes == self.killed_after:
            raise Killed


class StoredLedger(PaymentStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        kinds = (PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded)
        return tables.said(self._table, *kinds, PaymentVoided)


class FakeProvider:
    """Payments as a provider has them; done once for an order, however often it is asked.

    `silent` is how many of the next requests it carries out without answering, `deaf` how many
    never reach it. `decides` is what becomes of new payments. `meanwhile` happens once, between
    a request and its answer.
    """

    def __init__(self) -> None:
        self.payments: dict[str, Told] = {}
        self.refunds: dict[str, int] = {}
        self.moved: list[tuple[str, str]] = []
        self.silent = self.deaf = 0
        self.decides: str = "authorized"
        self.meanwhile: Callable[[], object] = lambda: None

    def authorize(self, order_id: str, amount: Money, token: str) -> Told:
        def do() -> Told:
            if order_id not in self.payments:
                self.moved.append(("authorize", order_id))
                self.payments[order_id] = Told(
                    order_id=order_id,
                    status=self.decides,  # type: ignore[arg-type]  # tests name one of them
                    reference=f"ref-{order_id}",
                    amount=amount,
                    reason="card-declined" if self.decides == "declined" else None,
                )
            return self.payments[order_id]

        told: Told = self._ask(do)
        return told

    def find(self, order_id: str, reference: str | None) -> Told | None:
        told: Told | None = self._ask(lambda: self.payments.get(order_id))
        return told

    def void(self, order_id: str, reference: str) -> None:
        self._ask(lambda: self._become(order_id, "voided"))

    def capture(self, order_id: str, reference: str) -> None:
        self._ask(lambda: self._become(order_id, "captured"))

    def refund(self, refund_id: str, reference: str, amount: Money) -> None:
        self._ask(lambda: self.refunds.update({refund_id: amount.amount}))

    def since(self, moment: int) -> Iterator[Told]:
        return iter(list(self.payments.values()))

    def order_of(self, body: str, headers: Mapping[str, str]) -> str | None:
        return body

    def settle(self, order_id: str, status: str) -> None:
        """What was pending is decided, without telling anybody."""
        self._become(order_id, status)

    def held(self, order_id: str) -> int:
        """What is set aside or taken at the provider for the order."""
        told = self.payments.get(order_id)
        open_ = told is not None and told.status in ("pending", "authorized", "captured")
        return told.amount.amount if told is not None and open_ else 0

    def _become(self, order_id: str, status: str) -> None:
        if self.payments[order_id].status != status:
            self.moved.append((status, order_id))
        self.payments[order_id] = replace(self.payments[order_id], status=status)

    def _ask(self, do: Callable[[], object]) -> Any:
        if self.deaf:
            self.deaf -= 1
            raise NoAnswer("deaf")
        answer = do()
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        if self.silent:
            self.silent -= 1
            raise NoAnswer("silent")
        return answer
