"""The life of an order across ordering, delivery, payment and inventory, as a state machine test.

Events arrive repeatedly, late and in any order, the payment provider times out, and functions are
killed. In the end, stock and money must be where a small model says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cli.audit import audit
from souk.delivery import handlers as delivery_handlers
from souk.delivery import usecases as delivery_usecases
from souk.delivery.domain import (
    AlreadyCancelled,
    CaptureResult,
    CaptureUnknown,
    ParcelNotFound,
    ShipmentStatus,
)
from souk.inventory import handlers as inventory_handlers
from souk.inventory import plans
from souk.inventory.domain import NotSold
from souk.inventory.store import _head_row as hold_row
from souk.inventory.store import _lines_row as hold_lines_row
from souk.inventory.usecases import commit_stock, reserve_stock
from souk.kernel.errors import NotFound
from souk.kernel.events import Event
from souk.ordering import handlers as ordering_handlers
from souk.ordering import return_handlers, return_usecases
from souk.ordering import usecases as ordering_usecases
from souk.ordering.domain import Order, OrderStatus
from souk.ordering.return_store import _order_returns_row, _return_row
from souk.ordering.return_usecases import ReturnDecision
from souk.ordering.returns import (
    ItemsNotReturnable,
    OrderNotDelivered,
    RequestedLine,
    RequestedReturn,
    Return,
    ReturnAlreadyDecided,
    ReturnStatus,
)
from souk.ordering.store import _head_row, _lines_row
from souk.payment import handlers as payment_handlers
from souk.payment import usecases as payment_usecases
from souk.payment.commands import AuthorizePayment, CapturePayment
from souk.payment.compensation import NotCaptured
from souk.payment.domain import AlreadyCaptured, Payment, PaymentPending, PaymentUnknown
from souk.payment.store import _entry_row
from souk.payment.store import _head_row as payment_row
from tests.delivery.builders import a_label
from tests.delivery.fakes import FakeShipments
from tests.inventory.builders import lines, receive
from tests.inventory.fakes import FakeInventory, assert_balanced
from tests.inventory.fakes import Killed as InventoryKilled
from tests.ordering.builders import ADA, a_line, an_order
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns
from tests.payment.fakes import FakePayments, FakeProvider, Killed

ORDERED = {"LAMP": 3, "RUG": 2, "SOFA": 1}
PRICES = {"LAMP": 1299, "RUG": 5000, "SOFA": 99999}
SHIPPING = 495
RETRYABLE_ERRORS = (
    PaymentUnknown,
    PaymentPending,
    AlreadyCaptured,
    NotCaptured,
    NotSold,
    Killed,
    InventoryKilled,
)
DELIVERY_ERRORS = (NotFound, AlreadyCancelled, CaptureUnknown, ParcelNotFound)
FAULTS = st.sampled_from([None, "timeouts before", "timeouts after", "kills before", "kills after"])
PROVIDER_CALLS = st.sampled_from(["capture", "void", "refund", "find"])
WRITES_BEFORE_KILL = st.none() | st.integers(1, 3)
SERVICES = (
    ordering_handlers.SUBSCRIPTIONS,
    delivery_handlers.SUBSCRIPTIONS,
    payment_handlers.SUBSCRIPTIONS,
    inventory_handlers.SUBSCRIPTIONS,
)
NOT_REJECTED = (ReturnStatus.REQUESTED, ReturnStatus.ACCEPTED, ReturnStatus.REFUNDED)
Delivery = tuple[int, Event]
"""An event and the service that receives it, as an index of SERVICES."""


class OrderLifecycle(RuleBasedStateMachine):
    """One order that was just confirmed, and all that can happen to it.

    Steps of inventory have so few actions here that every return needs several of them.
    """

    @initialize(is_delivered=st.booleans())
    def start(self, is_delivered: bool) -> None:
        self.provider = FakeProvider()
        self.payments, self.inventory = FakePayments(), FakeInventory()
        self.shipments, self.returns = FakeShipments(), FakeReturns()
        lines = [a_line(sku, quantity=n, price=PRICES[sku]) for sku, n in ORDERED.items()]
        order = an_order(*lines, shipping=SHIPPING)
        self.order_id = order.order_id
        self.orders = FakeOrders(order)
        self.return_requests = 0
        self.all_deliveries: list[Delivery] = []
        self.pending_deliveries: list[Delivery] = []
        self.published_counts = {"orders": 0, "shipments": 0, "payments": 0, "returns": 0}
        self._patch()
        self._check_out()
        if is_delivered:
            self._deliver_all_events()
            self.the_warehouse_dispatches_the_parcel(None)
            self.the_carrier_delivers_the_parcel()
            self._deliver_all_events()

    # --- actions of people

    @rule()
    def the_customer_cancels(self) -> None:
        ordering_usecases.request_cancellation(self.order_id, owner=ADA, orders=self.orders)
        self._publish()

    @rule(fault=FAULTS)
    def the_warehouse_dispatches_the_parcel(self, fault: str | None) -> None:
        self._inject(fault, "capture")
        with suppress(*DELIVERY_ERRORS, Killed):
            delivery_usecases.dispatch(
                self.order_id, a_label(), shipments=self.shipments, capture=self._capture
            )
        self._end_faults()

    @rule()
    def the_carrier_delivers_the_parcel(self) -> None:
        with suppress(*DELIVERY_ERRORS):
            delivery_usecases.record_delivery(a_label(), shipments=self.shipments)
        self._publish()

    @rule(
        quantities=st.dictionaries(st.sampled_from(list(ORDERED)), st.integers(1, 3), min_size=1),
        clicks=st.integers(1, 2),
    )
    def the_customer_requests_a_return(self, quantities: dict[str, int], clicks: int) -> None:
        self.return_requests += 1
        return_lines = [RequestedLine(sku, quantity) for sku, quantity in quantities.items()]
        key = str(self.return_requests)
        request = RequestedReturn(key, repr(return_lines), return_lines)
        for _ in range(clicks):
            with suppress(ItemsNotReturnable, OrderNotDelivered):
                return_usecases.request_return(
                    self.order_id, request, owner=ADA, **self._repositories
                )

    @precondition(lambda self: self.all_returns())
    @rule()
    def everything_else_is_returned_and_accepted(self) -> None:
        remaining = {
            sku: quantity - self._returned_quantity(sku, *NOT_REJECTED)
            for sku, quantity in ORDERED.items()
        }
        returnable = {sku: quantity for sku, quantity in remaining.items() if quantity}
        if returnable:
            self.the_customer_requests_a_return(returnable, 1)
        for requested in self.all_returns():
            decision = ReturnDecision(
                decided_by="sam", lines=[(line.sku, True) for line in requested.lines]
            )
            with suppress(ReturnAlreadyDecided):
                return_usecases.accept_return(requested.return_id, decision, **self._repositories)
        self._publish()

    @precondition(lambda self: self.all_returns())
    @rule(data=st.data(), accepts=st.booleans(), restock=st.booleans())
    def staff_decide_a_return(self, data: st.DataObject, accepts: bool, restock: bool) -> None:
        requested = data.draw(st.sampled_from(self.all_returns()))
        decided = [(line.sku, restock or line.sku == "RUG") for line in requested.lines]
        decision = ReturnDecision(decided_by="sam", lines=decided, rejection_reason="used")
        with suppress(ReturnAlreadyDecided):
            if accepts:
                return_usecases.accept_return(requested.return_id, decision, **self._repositories)
            else:
                return_usecases.reject_return(requested.return_id, decision, returns=self.returns)
        self._publish()

    # --- events and schedules

    @precondition(lambda self: self.all_deliveries)
    @rule(data=st.data(), fault=FAULTS, call=PROVIDER_CALLS, writes=WRITES_BEFORE_KILL)
    def the_bus_delivers_an_event(
        self, data: st.DataObject, fault: str | None, call: str, writes: int | None
    ) -> None:
        """Any event published so far, delivered before or not."""
        self._inject(fault, call)
        self.inventory.faults.killed_after = writes
        self._deliver(data.draw(st.sampled_from(self.all_deliveries)))
        self._end_faults()

    @rule(fault=FAULTS)
    def the_schedule_of_delivery_runs(self, fault: str | None) -> None:
        self._inject(fault, "capture")
        shipment = self.shipments.get(self.order_id)
        with suppress(CaptureUnknown, Killed):
            if shipment:
                delivery_usecases.complete_dispatch(
                    shipment, shipments=self.shipments, capture=self._capture
                )
        self._end_faults()

    @rule(fault=FAULTS, call=PROVIDER_CALLS)
    def the_schedule_of_payment_runs(self, fault: str | None, call: str) -> None:
        self._inject(fault, call)
        with suppress(*RETRYABLE_ERRORS):
            payment_usecases.resolve(self.payment(), payments=self.payments, provider=self.provider)
        self._end_faults()

    # --- invariants

    @invariant()
    def stock_is_not_lost_nothing_is_sent_unpaid_and_refunds_are_owed(self) -> None:
        payment, order = self.payment(), self.order()
        assert_balanced(self.inventory, *ORDERED)
        assert payment.refunded <= payment.captured
        if order.status in (OrderStatus.DISPATCHED, OrderStatus.DELIVERED):
            assert payment.captured == order.total.amount
        owed = {each.return_id: each.refund.amount for each in self.all_returns() if each.refund}
        paid = {name: amount for name, amount in payment.refunds.items() if name != "cancellation"}
        assert paid.items() <= owed.items()
        for sku, quantity in ORDERED.items():
            assert self._returned_quantity(sku, *NOT_REJECTED) <= quantity

    def teardown(self) -> None:
        if not hasattr(self, "order_id"):
            return
        try:
            self._deliver_all_events()
            self.the_schedule_of_payment_runs(None, "find")
            self.the_schedule_of_delivery_runs(None)
            self._deliver_all_events()
            self._assert_final_state()
            assert audit(_Rows(self)).violations == []
        finally:
            self.patch.undo()

    def _assert_final_state(self) -> None:
        """The model: the order is dispatched and paid, or cancelled, or still confirmed."""
        payment, order = self.payment(), self.order()
        shipment = self.shipments.get(self.order_id)
        assert shipment
        available = {sku: self.inventory.load_movement(sku, "")[1].available for sku in ORDERED}
        match shipment.status:
            case ShipmentStatus.DISPATCHED | ShipmentStatus.DELIVERED:
                kept = {
                    sku: quantity - self._returned_quantity(sku, ReturnStatus.REFUNDED)
                    for sku, quantity in ORDERED.items()
                }
                value = sum(PRICES[sku] * quantity for sku, quantity in kept.items())
                assert order.status.value == shipment.status.value
                due = value + SHIPPING * any(kept.values())
                assert payment.captured - payment.refunded == due
                assert available == {sku: 1 + self._restocked_quantity(sku) for sku in ORDERED}
            case ShipmentStatus.CANCELLED:
                assert order.status is OrderStatus.CANCELLED
                assert payment.authorized - payment.voided - payment.refunded == 0
                assert available == {sku: 1 + quantity for sku, quantity in ORDERED.items()}
            case _:
                assert order.status is OrderStatus.CONFIRMED
                assert (payment.authorized, payment.captured) == (order.total.amount, 0)
                assert available == dict.fromkeys(ORDERED, 1)
        assert not self._returned_quantity("LAMP", ReturnStatus.ACCEPTED)

    # --- helpers

    @property
    def _repositories(self) -> Any:
        return {"orders": self.orders, "returns": self.returns}

    def order(self) -> Order:
        return self.orders.get(self.order_id)

    def payment(self) -> Payment:
        payment = self.payments.get(self.order_id)
        assert payment
        return payment

    def all_returns(self) -> list[Return]:
        """In the order of the requests. The ids do not tell it: some have the same millisecond."""
        records = self.returns.get_order_returns(self.order_id).idempotency_records.values()
        return [
            return_usecases.get_return(record.return_id, returns=self.returns) for record in records
        ]

    def _patch(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(plans, "MAX_ACTIONS_PER_STEP", 3)
        self.patch.setattr(ordering_handlers, "orders", lambda: self.orders)
        self.patch.setattr(return_handlers, "returns", lambda: self.returns)
        self.patch.setattr(delivery_handlers, "shipments", lambda: self.shipments)
        self.patch.setattr(inventory_handlers, "inventory", lambda: self.inventory)
        self.patch.setattr(payment_handlers, "payments", lambda: self.payments)
        self.patch.setattr(payment_handlers, "provider", lambda: self.provider)

    def _check_out(self) -> None:
        """A checkout workflow without failures. One item of each SKU remains available."""
        for sku, quantity in ORDERED.items():
            receive(self.inventory, sku, quantity + 1)
        reserve_stock(self.order_id, lines(**ORDERED), holds=self.inventory)
        commit_stock(self.order_id, holds=self.inventory)
        command = AuthorizePayment(
            order_id=self.order_id, amount=self.order().total, payment_token="tok_ok"
        )
        payment_usecases.authorize(command, payments=self.payments, provider=self.provider)
        ordering_usecases.confirm_order(self.order_id, stock_is_committed=True, orders=self.orders)
        self._publish()

    def _capture(self, order_id: str) -> CaptureResult:
        """As delivery calls payment: an error leaves it unknown whether the capture succeeded."""
        command = CapturePayment(order_id=order_id)
        try:
            result = payment_usecases.capture(
                command, payments=self.payments, provider=self.provider
            )
        except (PaymentUnknown, Killed) as error:
            raise CaptureUnknown(order_id) from error
        return CaptureResult(captured=result.status == "captured", reason=result.reason)

    def _publish(self) -> None:
        """Moves the events from the outboxes to the bus."""
        for name, count in self.published_counts.items():
            events = getattr(self, name).published
            for event in events[count:]:
                deliveries = [
                    (service, event)
                    for service, subscriptions in enumerate(SERVICES)
                    if type(event) in subscriptions
                ]
                self.all_deliveries += deliveries
                self.pending_deliveries += deliveries
            self.published_counts[name] = len(events)

    def _deliver(self, delivery: Delivery) -> None:
        service, event = delivery
        try:
            SERVICES[service][type(event)](event)
        except RETRYABLE_ERRORS:
            pass  # it stays pending
        else:
            if delivery in self.pending_deliveries:
                self.pending_deliveries.remove(delivery)
        self._publish()

    def _deliver_all_events(self) -> None:
        self._end_faults()
        while self.pending_deliveries:
            for delivery in list(self.pending_deliveries):
                self._deliver(delivery)

    def _inject(self, fault: str | None, call: str) -> None:
        """Lets the next such call of the provider fail before or after it takes effect."""
        if fault:
            attribute, moment = fault.split()
            setattr(self.provider, attribute, {call: moment})

    def _end_faults(self) -> None:
        self.provider.timeouts, self.provider.kills = {}, {}
        self.inventory.faults.reset()
        self._publish()

    def _returned_quantity(self, sku: str, *statuses: ReturnStatus) -> int:
        """The quantity in all returns with one of these statuses."""
        returns = [each for each in self.all_returns() if each.status in statuses]
        lines = [line for each in returns for line in each.lines]
        return sum(line.quantity for line in lines if line.sku == sku)

    def _restocked_quantity(self, sku: str) -> int:
        lines = [line for each in self.all_returns() for line in each.lines]
        return sum(line.quantity for line in lines if line.sku == sku and line.restock)


class _Rows:
    """The rows in the services' tables, as the stores would write them."""

    def __init__(self, lifecycle: OrderLifecycle) -> None:
        self._lifecycle = lifecycle

    def has_pending_messages(self) -> bool:
        return False

    def rows(self, service: str) -> Iterator[dict[str, Any]]:
        rows: Iterator[dict[str, Any]] = getattr(self, f"_{service.lower()}", lambda: iter(()))()
        return rows

    def _basket(self) -> Iterator[dict[str, Any]]:
        order = self._lifecycle.order()
        total = {"total": order.total.amount, "currency": order.total.currency}
        yield {"pk": f"OWNER#{ADA}", "sk": "CHECKOUT#k", "order_id": order.order_id, **total}

    def _ordering(self) -> Iterator[dict[str, Any]]:
        lifecycle, order = self._lifecycle, self._lifecycle.order()
        yield _head_row(order)
        yield _lines_row(order)
        order_returns = lifecycle.returns.get_order_returns(order.order_id)
        if order_returns.version:
            yield _order_returns_row(order_returns)
        for each in lifecycle.all_returns():
            row = _return_row(each)
            yield {name: value for name, value in row.items() if value is not None}

    def _inventory(self) -> Iterator[dict[str, Any]]:
        inventory = self._lifecycle.inventory
        for hold in inventory.holds():
            yield hold_row(hold)
            yield hold_lines_row(hold)
        for each in inventory.returns():
            row = msgspec.to_builtins(each)
            yield {"pk": f"HOLD#{each.order_id}", "sk": f"RETURN#{each.return_id}", **row}
        for sku in ORDERED:
            _, stock = inventory.load_movement(sku, "")
            yield {"pk": f"STOCK#{sku}", "sk": "STOCK", **msgspec.structs.asdict(stock)}
            yield {
                "pk": f"STOCK#{sku}",
                "sk": "MOVEMENT#",
                "sku": sku,
                "quantity": inventory.moved_quantity(sku),
            }

    def _payment(self) -> Iterator[dict[str, Any]]:
        yield payment_row(self._lifecycle.payment())
        for entry in self._lifecycle.payments.entries(self._lifecycle.order_id):
            yield _entry_row(self._lifecycle.order_id, entry)


TestOrderLifecycle = OrderLifecycle.TestCase
TestOrderLifecycle.settings = settings(stateful_step_count=30)
