"""Four rooms that hear of each other: facts doubled, late and in any order, a provider that may be
silent, functions that die; in the end goods and money are where a small model says they belong."""

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
from souk.delivery import usecases as delivery
from souk.delivery.domain import AlreadyCancelled, MoneyUnknown, ParcelUnknown, State, Verdict
from souk.inventory import handlers as inventory_handlers
from souk.inventory import plans
from souk.inventory.domain import NotSold
from souk.inventory.store import _head_row as hold_row
from souk.inventory.store import _lines_row as hold_lines_row
from souk.inventory.usecases import commit_stock, reserve_stock
from souk.kernel.errors import NotFound
from souk.kernel.facts import Fact
from souk.ordering import handlers as ordering_handlers
from souk.ordering import return_handlers, returning
from souk.ordering import usecases as ordering
from souk.ordering.domain import Order
from souk.ordering.domain import Status as OrderStatus
from souk.ordering.return_store import _book_key, _row
from souk.ordering.returning import Verdict as StaffVerdict
from souk.ordering.returns import (
    NotDelivered,
    NotReturnable,
    Return,
    ReturnDecided,
    Status,
    Wanted,
    Wish,
)
from souk.ordering.store import _head_row, _lines_row
from souk.payment import handlers as payment_handlers
from souk.payment import usecases as payment
from souk.payment.commands import AuthorizePayment, CapturePayment
from souk.payment.domain import Payment, PaymentPending, PaymentTaken, PaymentUnknown
from souk.payment.store import _entry_row
from souk.payment.store import _head_row as payment_row
from souk.payment.undoing import NotCaptured
from tests.delivery.builders import a_label
from tests.delivery.fakes import FakeShipments
from tests.inventory.builders import lines, receive
from tests.inventory.fakes import FakeInventory, balanced
from tests.inventory.fakes import Killed as KilledThere
from tests.ordering.builders import ADA, a_line, an_order
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns
from tests.payment.fakes import FakePayments, FakeProvider, Killed

BOUGHT = {"LAMP": 3, "RUG": 2, "SOFA": 1}
PRICES = {"LAMP": 1299, "RUG": 5000, "SOFA": 99999}
SHIPPING = 495
NOT_YET = (PaymentUnknown, PaymentPending, PaymentTaken, NotCaptured, NotSold, Killed, KilledThere)
NO_PARCEL = (NotFound, AlreadyCancelled, MoneyUnknown, ParcelUnknown)
LUCK = st.sampled_from([None, "silent before", "silent after", "dies before", "dies after"])
CALLS = st.sampled_from(["capture", "void", "refund", "find"])
WRITES = st.none() | st.integers(1, 3)
ROOMS = (
    ordering_handlers.HEARS,
    delivery_handlers.HEARS,
    payment_handlers.HEARS,
    inventory_handlers.HEARS,
)
TAKEN = (Status.REQUESTED, Status.ACCEPTED, Status.REFUNDED)
Delivery = tuple[int, Fact]
"""Which room is told what."""


class Shop(RuleBasedStateMachine):
    """One order that was just confirmed; its customer, warehouse, carrier, provider and the bus.

    A write of inventory takes so little here that every return is a large one.
    """

    @initialize(arrived=st.booleans())
    def begin(self, arrived: bool) -> None:
        self.provider = FakeProvider()
        self.payments, self.inventory = FakePayments(), FakeInventory()
        self.shipments, self.returns = FakeShipments(), FakeReturns()
        bought = [a_line(sku, quantity=n, price=PRICES[sku]) for sku, n in BOUGHT.items()]
        order = an_order(*bought, shipping=SHIPPING)
        self.order_id = order.order_id
        self.orders = FakeOrders(order)
        self.keys = 0
        self.all_said: list[Delivery] = []
        self.unheard: list[Delivery] = []
        self.on_the_bus = {"orders": 0, "shipments": 0, "payments": 0, "returns": 0}
        self._patch()
        self._sell()
        if arrived:
            self._hear_all()
            self.the_warehouse_sends_it(None)
            self.the_carrier_hands_it_over()
            self._hear_all()

    # --- what people do

    @rule()
    def the_customer_wants_it_no_more(self) -> None:
        ordering.ask_to_cancel(self.order_id, owner=ADA, orders=self.orders)
        self._publish()

    @rule(luck=LUCK)
    def the_warehouse_sends_it(self, luck: str | None) -> None:
        self._be(luck, "capture")
        with suppress(*NO_PARCEL, Killed):
            delivery.dispatch(self.order_id, a_label(), shipments=self.shipments, take=self._take)
        self._calm()

    @rule()
    def the_carrier_hands_it_over(self) -> None:
        with suppress(*NO_PARCEL):
            delivery.deliver(a_label(), shipments=self.shipments)
        self._publish()

    @rule(
        wanted=st.dictionaries(st.sampled_from(list(BOUGHT)), st.integers(1, 3), min_size=1),
        clicks=st.integers(1, 2),
    )
    def the_customer_sends_something_back(self, wanted: dict[str, int], clicks: int) -> None:
        self.keys += 1
        pieces = [Wanted(sku, quantity) for sku, quantity in wanted.items()]
        wish = Wish(str(self.keys), repr(pieces), pieces)
        for _ in range(clicks):
            with suppress(NotReturnable, NotDelivered):
                returning.ask_return(self.order_id, wish, owner=ADA, **self._ports)

    @precondition(lambda self: self.asked())
    @rule()
    def all_the_rest_comes_back(self) -> None:
        left = {sku: n - self._pieces(sku, *TAKEN) for sku, n in BOUGHT.items()}
        rest = {sku: n for sku, n in left.items() if n}
        if rest:
            self.the_customer_sends_something_back(rest, 1)
        for back in self.asked():
            verdict = StaffVerdict(by="sam", lines=[(item.sku, True) for item in back.items])
            with suppress(ReturnDecided):
                returning.accept_return(back.return_id, verdict, **self._ports)
        self._publish()

    @precondition(lambda self: self.asked())
    @rule(data=st.data(), accepts=st.booleans(), restock=st.booleans())
    def staff_decide(self, data: st.DataObject, accepts: bool, restock: bool) -> None:
        back = data.draw(st.sampled_from(self.asked()))
        decided = [(item.sku, restock or item.sku == "RUG") for item in back.items]
        verdict = StaffVerdict(by="sam", lines=decided, refusal="used")
        with suppress(ReturnDecided):
            if accepts:
                returning.accept_return(back.return_id, verdict, **self._ports)
            else:
                returning.refuse_return(back.return_id, verdict, returns=self.returns)
        self._publish()

    # --- what machines do

    @precondition(lambda self: self.all_said)
    @rule(data=st.data(), luck=LUCK, call=CALLS, writes=WRITES)
    def the_bus_delivers(
        self, data: st.DataObject, luck: str | None, call: str, writes: int | None
    ) -> None:
        """Any fact that was ever said, heard before or not."""
        self._be(luck, call)
        self.inventory.trouble.killed_after = writes
        self._deliver(data.draw(st.sampled_from(self.all_said)))
        self._calm()

    @rule(luck=LUCK)
    def deliverys_clock_strikes(self, luck: str | None) -> None:
        self._be(luck, "capture")
        shipment = self.shipments.get(self.order_id)
        with suppress(MoneyUnknown, Killed):
            if shipment:
                delivery.settle(shipment, shipments=self.shipments, take=self._take)
        self._calm()

    @rule(luck=LUCK, call=CALLS)
    def payments_clock_strikes(self, luck: str | None, call: str) -> None:
        self._be(luck, call)
        with suppress(*NOT_YET):
            payment.resolve(self.paid(), payments=self.payments, provider=self.provider)
        self._calm()

    # --- what holds at any moment

    @invariant()
    def goods_are_not_lost_nor_sent_unpaid_nor_money_given_that_is_not_owed(self) -> None:
        paid, order = self.paid(), self.order()
        balanced(self.inventory, *BOUGHT)
        assert paid.refunded <= paid.captured
        if order.status in (OrderStatus.DISPATCHED, OrderStatus.DELIVERED):
            assert paid.captured == order.total.amount
        owed = {back.return_id: back.refund.amount for back in self.asked() if back.refund}
        given = {name: n for name, n in paid.refunds.items() if name != "cancellation"}
        assert given.items() <= owed.items()
        for sku, quantity in BOUGHT.items():
            assert self._pieces(sku, *TAKEN) <= quantity

    def teardown(self) -> None:
        if not hasattr(self, "order_id"):
            return
        try:
            self._hear_all()
            self.payments_clock_strikes(None, "find")
            self.deliverys_clock_strikes(None)
            self._hear_all()
            self._all_is_where_it_belongs()
            assert audit(_Rows(self)).violations == []
        finally:
            self.patch.undo()

    def _all_is_where_it_belongs(self) -> None:
        """The model: an order waits as it is, was sent and paid for, or is gone for good."""
        paid, order, shipment = self.paid(), self.order(), self.shipments.get(self.order_id)
        assert shipment
        free = {sku: self.inventory.move_and_stock(sku, "")[1].available for sku in BOUGHT}
        match shipment.state:
            case State.DISPATCHED | State.DELIVERED:
                kept = {sku: n - self._pieces(sku, Status.REFUNDED) for sku, n in BOUGHT.items()}
                worth = sum(PRICES[sku] * n for sku, n in kept.items())
                assert order.status.value == shipment.state.value
                assert paid.captured - paid.refunded == worth + SHIPPING * any(kept.values())
                assert free == {sku: 1 + self._restocked(sku) for sku in BOUGHT}
            case State.CANCELLED:
                assert order.status is OrderStatus.CANCELLED
                assert paid.authorized - paid.voided - paid.refunded == 0
                assert free == {sku: 1 + n for sku, n in BOUGHT.items()}
            case _:
                assert order.status is OrderStatus.CONFIRMED
                assert (paid.authorized, paid.captured) == (order.total.amount, 0)
                assert free == dict.fromkeys(BOUGHT, 1)
        assert not self._pieces("LAMP", Status.ACCEPTED)

    # --- how it is done

    @property
    def _ports(self) -> Any:
        return {"orders": self.orders, "returns": self.returns}

    def order(self) -> Order:
        return self.orders.get(self.order_id)

    def paid(self) -> Payment:
        known = self.payments.get(self.order_id)
        assert known
        return known

    def asked(self) -> list[Return]:
        """As they were asked for; ids of one millisecond sort by chance."""
        known = self.returns.book(self.order_id).asked.values()
        return [returning.read_return(each.return_id, returns=self.returns) for each in known]

    def _patch(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(plans, "AT_ONCE", 3)
        self.patch.setattr(ordering_handlers, "orders", lambda: self.orders)
        self.patch.setattr(return_handlers, "returns", lambda: self.returns)
        self.patch.setattr(delivery_handlers, "shipments", lambda: self.shipments)
        self.patch.setattr(inventory_handlers, "inventory", lambda: self.inventory)
        self.patch.setattr(payment_handlers, "payments", lambda: self.payments)
        self.patch.setattr(payment_handlers, "provider", lambda: self.provider)

    def _sell(self) -> None:
        """What the checkout workflow does, all going well; of each SKU one is left."""
        for sku, quantity in BOUGHT.items():
            receive(self.inventory, sku, quantity + 1)
        reserve_stock(self.order_id, lines(**BOUGHT), holds=self.inventory)
        commit_stock(self.order_id, holds=self.inventory)
        wish = AuthorizePayment(
            order_id=self.order_id, amount=self.order().total, payment_token="tok_ok"
        )
        payment.authorize(wish, payments=self.payments, provider=self.provider)
        ordering.confirm_order(self.order_id, stock_is_committed=True, orders=self.orders)
        self._publish()

    def _take(self, order_id: str) -> Verdict:
        """As delivery asks payment: whatever is no answer leaves it unknown."""
        wish = CapturePayment(order_id=order_id)
        try:
            answer = payment.capture(wish, payments=self.payments, provider=self.provider)
        except (PaymentUnknown, Killed) as error:
            raise MoneyUnknown(order_id) from error
        return Verdict(captured=answer.status == "captured", reason=answer.reason)

    def _publish(self) -> None:
        """What came into the outboxes goes on the bus."""
        for name, told in self.on_the_bus.items():
            said = getattr(self, name).said
            for fact in said[told:]:
                heard_by = [(n, fact) for n, hears in enumerate(ROOMS) if type(fact) in hears]
                self.all_said += heard_by
                self.unheard += heard_by
            self.on_the_bus[name] = len(said)

    def _deliver(self, each: Delivery) -> None:
        room, fact = each
        try:
            ROOMS[room][type(fact)](fact)
        except NOT_YET:
            pass  # it comes again
        else:
            if each in self.unheard:
                self.unheard.remove(each)
        self._publish()

    def _hear_all(self) -> None:
        self._calm()
        while self.unheard:
            for each in list(self.unheard):
                self._deliver(each)

    def _be(self, luck: str | None, call: str) -> None:
        if luck:
            kind, moment = luck.split()
            setattr(self.provider, kind, {call: moment})

    def _calm(self) -> None:
        self.provider.silent, self.provider.dies = {}, {}
        self.inventory.trouble.is_over()
        self._publish()

    def _pieces(self, sku: str, *states: Status) -> int:
        """Of all returns that stand so."""
        items = [item for back in self.asked() if back.status in states for item in back.items]
        return sum(item.quantity for item in items if item.sku == sku)

    def _restocked(self, sku: str) -> int:
        items = [item for back in self.asked() for item in back.items]
        return sum(item.quantity for item in items if item.sku == sku and item.restock)


class _Rows:
    """The rooms' tables, as the stores would have written them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def waits(self) -> bool:
        return False

    def rows(self, room: str) -> Iterator[dict[str, Any]]:
        found: Iterator[dict[str, Any]] = getattr(self, f"_{room.lower()}", lambda: iter(()))()
        return found

    def _basket(self) -> Iterator[dict[str, Any]]:
        order = self._shop.order()
        due = {"total": order.total.amount, "currency": order.total.currency}
        yield {"pk": f"OWNER#{ADA}", "sk": "CHECKOUT#k", "order_id": order.order_id, **due}

    def _ordering(self) -> Iterator[dict[str, Any]]:
        shop, order = self._shop, self._shop.order()
        yield _head_row(order)
        yield _lines_row(order)
        if (book := shop.returns.book(order.order_id)).version:
            pk, sk = _book_key(order.order_id)
            yield {"pk": pk, "sk": sk, **msgspec.to_builtins(book)}
        for back in shop.asked():
            row = {name: value for name, value in _row(back).items() if value is not None}
            yield {"pk": f"RETURN#{back.return_id}", "sk": "RETURN", **row}

    def _inventory(self) -> Iterator[dict[str, Any]]:
        inventory = self._shop.inventory
        for hold in inventory.holds():
            yield hold_row(hold)
            yield hold_lines_row(hold)
        for back in inventory.returns():
            row = msgspec.to_builtins(back)
            yield {"pk": f"HOLD#{back.order_id}", "sk": f"RETURN#{back.return_id}", **row}
        for sku in BOUGHT:
            _, stock = inventory.move_and_stock(sku, "")
            yield {"pk": f"STOCK#{sku}", "sk": "STOCK", **msgspec.structs.asdict(stock)}
            yield {"pk": f"STOCK#{sku}", "sk": "MOVE#", "sku": sku, "by": inventory.moved(sku)}

    def _payment(self) -> Iterator[dict[str, Any]]:
        yield payment_row(self._shop.paid())
        for entry in self._shop.payments.entries(self._shop.order_id):
            yield _entry_row(self._shop.order_id, entry)


TestShop = Shop.TestCase
TestShop.settings = settings(stateful_step_count=30)
