"""A whole shop in memory: the handlers of four services over fakes, and an unordered event bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.delivery import handlers as delivery
from souk.delivery import usecases as delivery_usecases
from souk.delivery.domain import CaptureResult, CaptureUnknown, Label, Shipment, ShipmentStatus
from souk.inventory import handlers as inventory
from souk.kernel.errors import ApiError, ConcurrentUpdate
from souk.kernel.events import Cause, Event, caused_by
from souk.ordering import handlers as ordering
from souk.ordering import return_handlers
from souk.ordering import usecases as ordering_usecases
from souk.ordering.domain import ExecutionState
from souk.payment import handlers as payment
from souk.payment import usecases as payment_usecases
from souk.payment.commands import CapturePayment
from souk.payment.domain import AlreadyCaptured, PaymentPending, PaymentUnknown
from tests.inventory.fakes import FakeInventory
from tests.ordering.fakes import FakeOrders, FakeWorkflow
from tests.ordering.return_fakes import FakeReturns
from tests.payment.fakes import FakePayments, FakeProvider
from tests.workflow.machine import Execution, Json
from tests.workflow.services import COMMANDS

if TYPE_CHECKING:
    import pytest

SUBSCRIPTIONS = {
    "Ordering": ordering.SUBSCRIPTIONS,
    "Inventory": inventory.SUBSCRIPTIONS,
    "Payment": payment.SUBSCRIPTIONS,
    "Delivery": delivery.SUBSCRIPTIONS,
}
CAUSE = Cause("correlation-1")
MAX_ROUNDS = 100


class FakeShipments:
    """Shipments by order id and by label. `published` are the events written with them."""

    def __init__(self) -> None:
        self.shipments: dict[str, Shipment] = {}
        self._order_ids: dict[Label, str] = {}
        self.published: list[Event] = []

    def get(self, order_id: str) -> Shipment | None:
        return self.shipments.get(order_id)

    def order_of(self, label: Label) -> str | None:
        return self._order_ids.get(label)

    def save(self, after: Shipment, event: Event | None) -> None:
        stored = self.shipments.get(after.order_id)
        if after.version != (stored.version if stored else 0) + 1:
            raise ConcurrentUpdate
        self.shipments[after.order_id] = after
        if after.label is not None:
            self._order_ids[after.label] = after.order_id
        self.published += [] if event is None else [event]


class ModelShop:
    """`pending` are the events not handled yet, each with the service that subscribes to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.orders, self.workflow, self.returns = FakeOrders(), FakeWorkflow(), FakeReturns()
        self.inventory, self.shipments = FakeInventory(), FakeShipments()
        self.payments, self.provider = FakePayments(), FakeProvider()
        self.pending: list[tuple[str, Event]] = []
        self._executions: dict[tuple[str, int], Execution] = {}
        self._collected: dict[str, int] = {}
        for module, name, fake in (
            (ordering, "orders", self.orders),
            (ordering, "workflow", self.workflow),
            (return_handlers, "orders", self.orders),
            (return_handlers, "returns", self.returns),
            (inventory, "inventory", self.inventory),
            (payment, "payments", self.payments),
            (payment, "provider", self.provider),
            (delivery, "shipments", self.shipments),
        ):
            patch.setattr(module, name, lambda fake=fake: fake)
        patch.setattr("time.sleep", lambda _seconds: None)

    # --- the event bus

    def publish(self, event: Event) -> None:
        """Queue an event for the services that subscribe to it."""
        self.pending += [
            (service, event)
            for service, subscriptions in SUBSCRIPTIONS.items()
            if type(event) in subscriptions
        ]

    def deliver(self, index: int, *, keep: bool = False) -> None:
        """Deliver a pending event. It stays pending if it fails, or if `keep` repeats it."""
        service, event = self.pending[index]
        try:
            with caused_by(CAUSE):
                SUBSCRIPTIONS[service][type(event)](event)
        except Exception:  # noqa: BLE001  a queue keeps a message after any error
            return
        finally:
            self._collect()
        if not keep:
            self.pending.pop(index)

    def _collect(self) -> None:
        """Publish the events that were written since the last call."""
        publishers: dict[str, Any] = {
            "orders": self.orders,
            "returns": self.returns,
            "inventory": self.inventory,
            "payments": self.payments,
            "shipments": self.shipments,
        }
        for name, publisher in publishers.items():
            for event in publisher.published[self._collected.get(name, 0) :]:
                self.publish(event)
            self._collected[name] = len(publisher.published)

    # --- workflows, warehouse and carrier

    def running_executions(self) -> list[Execution]:
        for name in self.workflow.executions:
            self._executions.setdefault(name, Execution(name[0], self._run_command))
        return [each for each in self._executions.values() if not each.has_ended]

    def run(self, execution: Execution, steps: int) -> None:
        for _ in range(steps):
            if not execution.has_ended:
                execution.step()
        self._collect()

    def dispatch(self, order_id: str) -> bool:
        """Whether the parcel was dispatched."""
        label = Label(carrier="souk-post", tracking_number=f"SP-{order_id}")
        try:
            shipment = delivery_usecases.dispatch(
                order_id, label, shipments=self.shipments, capture=self._capture
            )
        except (ApiError, CaptureUnknown):
            return False
        finally:
            self._collect()
        return shipment.status in (ShipmentStatus.DISPATCHED, ShipmentStatus.DELIVERED)

    def record_delivery(self, order_id: str) -> bool:
        """Whether the delivery was recorded."""
        label = Label(carrier="souk-post", tracking_number=f"SP-{order_id}")
        try:
            delivery_usecases.record_delivery(label, shipments=self.shipments)
        except ApiError:
            return False
        finally:
            self._collect()
        return True

    def run_until_idle(self) -> None:
        """Without faults, complete all workflows and deliver all events."""
        self.provider.timeouts.clear()
        self.provider.decline_reason = None
        for _ in range(MAX_ROUNDS):
            self._collect()
            for execution in self.running_executions():
                self.run(execution, 200)
            for index in reversed(range(len(self.pending))):
                self.deliver(index)
            self._run_reconcilers()
            if not self.pending and not self.running_executions():
                return
        raise AssertionError(f"the shop does not become idle: {self.pending[:3]}")

    def _run_reconcilers(self) -> None:
        """The scheduled work of ordering, delivery and payment."""
        for (order_id, number), execution in list(self._executions.items()):
            if execution.has_failed:
                self.workflow.executions[order_id, number] = ExecutionState.ENDED
                ordering_usecases.ensure_checkout_running(
                    order_id, orders=self.orders, workflow=self.workflow
                )
        for shipment in list(self.shipments.shipments.values()):
            delivery_usecases.complete_dispatch(
                shipment, shipments=self.shipments, capture=self._capture
            )
        for order_id in list(self.payments.unsettled_order_ids("9999")):
            unsettled = self.payments.get(order_id)
            assert unsettled is not None
            try:
                payment_usecases.resolve(unsettled, payments=self.payments, provider=self.provider)
            except (PaymentUnknown, PaymentPending, AlreadyCaptured):
                continue
        self._collect()

    def _run_command(self, service: str, command: str, data: Json) -> Json:
        by_name = {each.__name__: (each, handler) for each, handler in COMMANDS[service].items()}
        command_type, handler = by_name[command]
        with caused_by(CAUSE):
            result: Json = msgspec.to_builtins(handler(msgspec.convert(data, command_type)))
        return result

    def _capture(self, order_id: str) -> CaptureResult:
        command = CapturePayment(order_id=order_id)
        try:
            result = payment_usecases.capture(
                command, payments=self.payments, provider=self.provider
            )
        except PaymentUnknown as error:
            raise CaptureUnknown from error
        reason = result.reason or result.status
        return CaptureResult(captured=result.status == "captured", reason=reason)
