"""A whole shop in memory: five rooms' own handlers over fakes, and a post that has no order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.delivery import handlers as delivery
from souk.delivery import usecases as shipping
from souk.delivery.domain import Label, MoneyUnknown, Shipment, ShipmentMoved, State, Verdict
from souk.inventory import handlers as inventory
from souk.kernel.errors import Refusal
from souk.kernel.facts import Cause, Fact, caused_by
from souk.ordering import handlers as ordering
from souk.ordering import return_handlers, usecases
from souk.payment import handlers as payment
from souk.payment import usecases as paying
from souk.payment.commands import CapturePayment
from souk.payment.domain import PaymentPending, PaymentTaken, PaymentUnknown
from tests.inventory.fakes import FakeInventory
from tests.ordering.fakes import FakeOrders, FakeRuns
from tests.ordering.return_fakes import FakeReturns
from tests.payment.fakes import FakePayments, FakeProvider
from tests.workflow.machine import Execution, Json
from tests.workflow.rooms import DOES

if TYPE_CHECKING:
    import pytest

HEARS = {
    "Ordering": ordering.HEARS,
    "Inventory": inventory.HEARS,
    "Payment": payment.HEARS,
    "Delivery": delivery.HEARS,
}
JOURNEY = Cause("journey-1")
ROUNDS = 100


class FakeShipments:
    """Shipments by order and by label; `said` are the facts told with them."""

    def __init__(self) -> None:
        self.kept: dict[str, Shipment] = {}
        self._labels: dict[Label, str] = {}
        self.said: list[Fact] = []

    def get(self, order_id: str) -> Shipment | None:
        return self.kept.get(order_id)

    def order_of(self, label: Label) -> str | None:
        return self._labels.get(label)

    def save(self, after: Shipment, fact: Fact | None) -> None:
        known = self.kept.get(after.order_id)
        if after.version != (known.version if known else 0) + 1:
            raise ShipmentMoved
        self.kept[after.order_id] = after
        if after.label is not None:
            self._labels[after.label] = after.order_id
        self.said += [] if fact is None else [fact]


class ModelShop:
    """`waiting` are facts on their way, each with the room that is to hear it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.orders, self.runs, self.returns = FakeOrders(), FakeRuns(), FakeReturns()
        self.inventory, self.shipments = FakeInventory(), FakeShipments()
        self.payments, self.provider = FakePayments(), FakeProvider()
        self.waiting: list[tuple[str, Fact]] = []
        self._executions: dict[tuple[str, int], Execution] = {}
        self._read: dict[str, int] = {}
        for module, name, there in (
            (ordering, "orders", self.orders),
            (ordering, "runs", self.runs),
            (return_handlers, "orders", self.orders),
            (return_handlers, "returns", self.returns),
            (inventory, "inventory", self.inventory),
            (payment, "payments", self.payments),
            (payment, "provider", self.provider),
            (delivery, "shipments", self.shipments),
        ):
            patch.setattr(module, name, lambda there=there: there)
        patch.setattr("time.sleep", lambda _seconds: None)

    # --- the post

    def say(self, fact: Fact) -> None:
        """Hand a fact to the rooms that hear it."""
        self.waiting += [(room, fact) for room, hears in HEARS.items() if type(fact) in hears]

    def hear(self, place: int, *, again: bool = False) -> None:
        """One that cannot be handled comes again, as does one that is doubled."""
        room, fact = self.waiting[place]
        try:
            with caused_by(JOURNEY):
                HEARS[room][type(fact)](fact)
        except Exception:  # noqa: BLE001  a queue keeps what any error left
            return
        finally:
            self._collect()
        if not again:
            self.waiting.pop(place)

    def _collect(self) -> None:
        tellers: dict[str, Any] = {
            "orders": self.orders,
            "returns": self.returns,
            "inventory": self.inventory,
            "payments": self.payments,
            "shipments": self.shipments,
        }
        for name, teller in tellers.items():
            for fact in teller.said[self._read.get(name, 0) :]:
                self.say(fact)
            self._read[name] = len(teller.said)

    # --- who does things

    def at_work(self) -> list[Execution]:
        """Workflows that are not over."""
        for name in self.runs.over:
            self._executions.setdefault(name, Execution(name[0], self._ask))
        return [each for each in self._executions.values() if not each.is_over]

    def work(self, execution: Execution, steps: int) -> None:
        for _ in range(steps):
            if not execution.is_over:
                execution.step()
        self._collect()

    def dispatch(self, order_id: str) -> bool:
        """Whether the parcel left."""
        label = Label(carrier="souk-post", tracking_number=f"SP-{order_id}")
        try:
            sent = shipping.dispatch(order_id, label, shipments=self.shipments, take=self._take)
        except (Refusal, MoneyUnknown):
            return False
        finally:
            self._collect()
        return sent.state in (State.DISPATCHED, State.DELIVERED)

    def hand_over(self, order_id: str) -> bool:
        """Whether the carrier's notice was taken."""
        label = Label(carrier="souk-post", tracking_number=f"SP-{order_id}")
        try:
            shipping.deliver(label, shipments=self.shipments)
        except Refusal:
            return False
        finally:
            self._collect()
        return True

    def come_to_rest(self) -> None:
        """All accidents are over: what was begun is brought to its end, and every fact heard."""
        self.provider.silent.clear()
        self.provider.decline = None
        for _ in range(ROUNDS):
            self._collect()
            for execution in self.at_work():
                self.work(execution, 200)
            for place in reversed(range(len(self.waiting))):
                self.hear(place)
            self._clock()
            if not self.waiting and not self.at_work():
                return
        raise AssertionError(f"the shop does not come to rest: {self.waiting[:3]}")

    def _clock(self) -> None:
        """What the reconcilers of ordering, delivery and payment do."""
        for (order_id, run), execution in list(self._executions.items()):
            if execution.failed:
                self.runs.over[order_id, run] = True
                usecases.revive(order_id, orders=self.orders, runs=self.runs)
        for shipment in list(self.shipments.kept.values()):
            shipping.settle(shipment, shipments=self.shipments, take=self._take)
        for order_id in list(self.payments.unsettled("9999")):
            there = self.payments.get(order_id)
            assert there is not None
            try:
                paying.resolve(there, payments=self.payments, provider=self.provider)
            except (PaymentUnknown, PaymentPending, PaymentTaken):
                continue
        self._collect()

    def _ask(self, room: str, command: str, data: Json) -> Json:
        kinds = {kind.__name__: (kind, answer) for kind, answer in DOES[room].items()}
        kind, answer = kinds[command]
        with caused_by(JOURNEY):
            told: Json = msgspec.to_builtins(answer(msgspec.convert(data, kind)))
        return told

    def _take(self, order_id: str) -> Verdict:
        try:
            answer = paying.capture(
                CapturePayment(order_id=order_id), payments=self.payments, provider=self.provider
            )
        except PaymentUnknown as error:
            raise MoneyUnknown from error
        return Verdict(captured=answer.status == "captured", reason=answer.reason or answer.status)
