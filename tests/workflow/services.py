"""The three services of the checkout in memory, behind their real commands."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from souk.inventory import handlers as inventory
from souk.kernel.events import Cause, caused_by
from souk.ordering import handlers as ordering
from souk.ordering.domain import Order
from souk.payment import handlers as payment
from tests.inventory import builders as stock
from tests.inventory.fakes import FakeInventory
from tests.ordering.fakes import FakeOrders
from tests.payment.fakes import FakePayments, FakeProvider
from tests.workflow.machine import Execution, Json

COMMANDS = {
    "Ordering": ordering.COMMANDS,
    "Inventory": inventory.COMMANDS,
    "Payment": payment.COMMANDS,
}


class Services:
    """`before` and `after` run around each command and may raise, as a failing function would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, order: Order, **stock_by_sku: int) -> None:
        self.order = order
        self.orders = FakeOrders(order)
        self.inventory = FakeInventory()
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.before: Callable[[str, str], None] = lambda service, command: None
        self.after: Callable[[str, str], None] = lambda service, command: None
        self.invoked: list[str] = []
        for sku, quantity in stock_by_sku.items():
            stock.receive(self.inventory, sku, quantity)
        monkeypatch.setattr(ordering, "orders", lambda: self.orders)
        monkeypatch.setattr(inventory, "inventory", lambda: self.inventory)
        monkeypatch.setattr(payment, "payments", lambda: self.payments)
        monkeypatch.setattr(payment, "provider", lambda: self.provider)

    def execution(self) -> Execution:
        return Execution(self.order.order_id, self.invoke)

    def invoke(self, service: str, command: str, data: Json) -> Json:
        self.before(service, command)
        self.invoked.append(command)
        command_types = {command_type.__name__: command_type for command_type in COMMANDS[service]}
        command_type = command_types[command]
        handler = COMMANDS[service][command_type]
        with caused_by(Cause("correlation-1")):
            result: Json = msgspec.to_builtins(handler(msgspec.convert(data, command_type)))
        self.after(service, command)
        return result

    @property
    def order_status(self) -> str:
        return self.orders.get_head(self.order.order_id).status.value

    def hold_status(self) -> str:
        hold, _ = self.inventory.load_hold(self.order.order_id, [])
        return hold.status.value if hold else "none"

    def available(self, sku: str) -> int:
        _, stock_by_sku = self.inventory.load_hold(self.order.order_id, [sku])
        return stock_by_sku[sku].available

    @property
    def reference(self) -> str:
        """The provider's reference of the order's payment."""
        return f"ref-{self.order.order_id}"

    def authorized_amount(self) -> int:
        """What the provider has authorized for the order, or may still authorize."""
        state = self.provider.states.get(self.reference)
        is_held = state is not None and state.status in ("pending", "authorized", "captured")
        return self.provider.amounts[self.reference] if is_held else 0

    def are_consistent(self) -> bool:
        """Whether the order is confirmed with stock and payment, or rejected without either."""
        if self.order_status == "confirmed":
            payment = self.payments.get(self.order.order_id)
            is_paid = payment is not None and payment.authorized == self.order.total.amount
            return self.hold_status() == "committed" and is_paid and self.authorized_amount() > 0
        hold, _ = self.inventory.load_hold(self.order.order_id, [])
        nothing_held = hold is None or hold.progress == 0
        return self.order_status == "rejected" and nothing_held and self.authorized_amount() == 0
