"""The three rooms a checkout asks, in memory, behind their real commands."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from souk.inventory import handlers as inventory
from souk.kernel.facts import Cause, caused_by
from souk.ordering import handlers as ordering
from souk.ordering.domain import Order
from souk.payment import handlers as payment
from tests.inventory import builders as stock
from tests.inventory.fakes import FakeInventory
from tests.ordering.fakes import FakeOrders
from tests.payment.fakes import FakeLedger, FakeProvider
from tests.workflow.machine import Execution, Json

DOES = {"Ordering": ordering.DOES, "Inventory": inventory.DOES, "Payment": payment.DOES}


class Rooms:
    """`meddle(room, command)` may raise instead of asking, or after it, as an accident would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, order: Order, **stocked: int) -> None:
        self.order = order
        self.orders = FakeOrders(order)
        self.inventory, self.ledger, self.provider = FakeInventory(), FakeLedger(), FakeProvider()
        self.before: Callable[[str, str], None] = lambda room, command: None
        self.after: Callable[[str, str], None] = lambda room, command: None
        self.asked: list[str] = []
        for sku, quantity in stocked.items():
            stock.receive(self.inventory, sku, quantity)
        monkeypatch.setattr(ordering, "orders", lambda: self.orders)
        monkeypatch.setattr(inventory, "inventory", lambda: self.inventory)
        monkeypatch.setattr(payment, "ledger", lambda: self.ledger)
        monkeypatch.setattr(payment, "provider", lambda: self.provider)

    def execution(self) -> Execution:
        return Execution(self.order.order_id, self.ask)

    def ask(self, room: str, command: str, data: Json) -> Json:
        self.before(room, command)
        self.asked.append(command)
        kinds = {kind.__name__: (kind, answer) for kind, answer in DOES[room].items()}
        kind, answer = kinds[command]
        with caused_by(Cause("journey-1")):
            told: Json = msgspec.to_builtins(answer(msgspec.convert(data, kind)))
        self.after(room, command)
        return told

    @property
    def status(self) -> str:
        return self.orders.standing(self.order.order_id).status.value

    def hold(self) -> str:
        hold, _ = self.inventory.look(self.order.order_id, [])
        return hold.status.value if hold else "none"

    def available(self, sku: str) -> int:
        _, shelf = self.inventory.look(self.order.order_id, [sku])
        return shelf[sku].available

    def money(self) -> int:
        """What is set aside for the order at the provider."""
        return self.provider.held(self.order.order_id)

    def agree(self) -> bool:
        """Whether order, stock and money say the same: confirmed and kept, or undone."""
        if self.status == "confirmed":
            payment = self.ledger.get(self.order.order_id)
            paid = payment is not None and payment.authorized == self.order.total.amount
            return self.hold() == "committed" and paid and self.money() > 0
        held, _ = self.inventory.look(self.order.order_id, [])
        nothing = held is None or held.progress == 0
        return self.status == "rejected" and nothing and self.money() == 0
