"""Three rooms that only hear of each other: facts doubled, late and in any order, and in the end
goods and money are where they belong."""

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
from souk.inventory import handlers as inventory_handlers
from souk.inventory import plans
from souk.inventory.domain import NotSold
from souk.inventory.store import _head_row as hold_row
from souk.inventory.store import _lines_row as hold_lines_row
from souk.inventory.usecases import commit_stock, reserve_stock
from souk.kernel.facts import Fact
from souk.ordering import handlers as ordering_handlers
from souk.ordering import return_handlers, returning
from souk.ordering.domain import Change, Order
from souk.ordering.domain import Status as OrderStatus
from souk.ordering.events import OrderCancelled, ReturnAccepted
from souk.ordering.return_store import _book_key, _row
from souk.ordering.returning import Verdict
from souk.ordering.returns import NotReturnable, Return, ReturnDecided, Status, Wanted, Wish
from souk.ordering.store import _head_row, _lines_row
from souk.payment import handlers as payment_handlers
from souk.payment import usecases as payment
from souk.payment.commands import AuthorizePayment, CapturePayment
from souk.payment.domain import PaymentPending, PaymentTaken, PaymentUnknown
from souk.payment.events import PaymentRefunded
from souk.payment.store import _entry_row
from souk.payment.store import _head_row as payment_row
from souk.payment.undoing import NotCaptured
from tests.inventory.builders import lines, receive
from tests.inventory.fakes import FakeInventory, balanced
from tests.inventory.fakes import Killed as KilledThere
from tests.ordering.builders import ADA, a_line, an_order
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns
from tests.payment.fakes import FakePayments, FakeProvider, Killed

BOUGHT = {"LAMP": 3, "RUG": 2, "SOFA": 1}
PRICES = {"LAMP": 1299, "RUG": 5000, "SOFA": 99999}
NOT_YET = (PaymentUnknown, PaymentPending, PaymentTaken, NotCaptured, NotSold, Killed, KilledThere)
LUCK = st.sampled_from([None, "silent before", "silent after", "dies before", "dies after"])
CALLS = st.sampled_from(["capture", "void", "refund", "find"])
FATES = ["delivered", "delivered and unknown", "cancelled", "cancelled and captured"]
ROOMS = (ordering_handlers.HEARS, payment_handlers.HEARS, inventory_handlers.HEARS)


def history(*steps: OrderStatus) -> list[Change]:
    return [Change(status=step, at="2026-11-24T12:00:00.000Z") for step in steps]


class WayBack(RuleBasedStateMachine):
    """One order that arrived, or was cancelled; its customer, staff, the provider and the bus.

    A write of inventory takes so little here that every return is a large one.
    """

    @initialize(fate=st.sampled_from(FATES))
    def begin(self, fate: str) -> None:
        self.inventory, self.payments = FakeInventory(), FakePayments()
        self.provider, self.returns = FakeProvider(), FakeReturns()
        sent = fate.startswith("delivered")
        last = (OrderStatus.DISPATCHED, OrderStatus.DELIVERED) if sent else (OrderStatus.CANCELLED,)
        steps = history(OrderStatus.PLACED, OrderStatus.CONFIRMED, *last)
        bought = [a_line(sku, quantity=n, price=PRICES[sku]) for sku, n in BOUGHT.items()]
        self.order: Order = an_order(*bought, history=steps)
        self.orders = FakeOrders(self.order)
        self.keys = 0
        self.all_said: list[tuple[int, Fact]] = []
        self.unheard: list[tuple[int, Fact]] = []
        self._patch()
        self._sell(captured=fate != "cancelled", unknown=fate.endswith("unknown"))
        if not sent:
            self._say(
                OrderCancelled(
                    order_id=self.order.order_id, owner=ADA, contact_id="c", cancelled_at="now"
                )
            )

    @property
    def arrived(self) -> bool:
        return self.order.status is OrderStatus.DELIVERED

    @precondition(lambda self: self.arrived)
    @rule(
        wanted=st.dictionaries(st.sampled_from(list(BOUGHT)), st.integers(1, 3), min_size=1),
        clicks=st.integers(1, 2),
    )
    def the_customer_asks(self, wanted: dict[str, int], clicks: int) -> None:
        self.keys += 1
        pieces = [Wanted(sku, quantity) for sku, quantity in wanted.items()]
        wish = Wish(str(self.keys), repr(pieces), pieces)
        for _ in range(clicks):
            with suppress(NotReturnable):
                ports: Any = {"orders": self.orders, "returns": self.returns}
                returning.ask_return(self.order.order_id, wish, owner=ADA, **ports)

    @precondition(lambda self: self.asked())
    @rule(data=st.data(), accepts=st.booleans(), restock=st.booleans())
    def staff_decide(self, data: st.DataObject, accepts: bool, restock: bool) -> None:
        back = data.draw(st.sampled_from(self.asked()))
        decided = [(item.sku, restock or item.sku == "RUG") for item in back.items]
        verdict = Verdict(by="sam", lines=decided, refusal="used")
        with suppress(ReturnDecided):
            if accepts:
                ports: Any = {"orders": self.orders, "returns": self.returns}
                returning.accept_return(back.return_id, verdict, **ports)
            else:
                returning.refuse_return(back.return_id, verdict, returns=self.returns)
        self._hear_what_was_said()

    @precondition(lambda self: self.all_said)
    @rule(data=st.data(), luck=LUCK, call=CALLS, writes=st.none() | st.integers(1, 3))
    def the_bus_delivers(
        self, data: st.DataObject, luck: str | None, call: str, writes: int | None
    ) -> None:
        """Any fact that was ever said, heard before or not."""
        if luck:
            kind, moment = luck.split()
            setattr(self.provider, kind, {call: moment})
        self.inventory.trouble.killed_after = writes
        self._deliver(data.draw(st.sampled_from(self.all_said)))
        self._calm()

    @rule()
    def the_reconciler_comes(self) -> None:
        known = self.payments.get(self.order.order_id)
        assert known
        with suppress(*NOT_YET):
            payment.resolve(known, payments=self.payments, provider=self.provider)

    @invariant()
    def goods_are_never_lost_nor_money_given_that_is_not_owed(self) -> None:
        balanced(self.inventory, *BOUGHT)
        known = self.payments.get(self.order.order_id)
        assert known
        assert known.refunded <= known.captured
        owed = {back.return_id: back.refund.amount for back in self.asked() if back.refund}
        given = {name: n for name, n in known.refunds.items() if name != "cancellation"}
        assert given.items() <= owed.items()
        for sku, quantity in BOUGHT.items():
            asked = [i.quantity for b in self.asked() for i in b.items if i.sku == sku]
            refused = [
                i.quantity
                for b in self.asked()
                for i in b.items
                if i.sku == sku and b.status is Status.REFUSED
            ]
            assert sum(asked) - sum(refused) <= quantity

    def teardown(self) -> None:
        if not hasattr(self, "order"):
            return
        self._calm()
        while self.unheard:
            for delivery in list(self.unheard):
                self._deliver(delivery)
        self.the_reconciler_comes()
        try:
            self._all_is_where_it_belongs()
        finally:
            self.patch.undo()

    def _all_is_where_it_belongs(self) -> None:
        known = self.payments.get(self.order.order_id)
        assert known
        if not self.arrived:
            assert known.captured == known.refunded
            assert known.authorized - known.voided - known.refunded == 0
        accepted = [back for back in self.asked() if back.refund]
        assert all(back.status is Status.REFUNDED for back in accepted)
        assert sum(back.pieces for back in accepted) < 6 or known.refunded == known.captured
        assert audit(_Rows(self)).violations == []

    # --- how it is done

    def asked(self) -> list[Return]:
        """As they were asked for; ids of one millisecond sort by chance."""
        known = self.returns.book(self.order.order_id).asked.values()
        return [returning.read_return(each.return_id, returns=self.returns) for each in known]

    def _patch(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(plans, "AT_ONCE", 3)
        self.patch.setattr(return_handlers, "returns", lambda: self.returns)
        self.patch.setattr(inventory_handlers, "inventory", lambda: self.inventory)
        self.patch.setattr(payment_handlers, "payments", lambda: self.payments)
        self.patch.setattr(payment_handlers, "provider", lambda: self.provider)

    def _sell(self, *, captured: bool, unknown: bool) -> None:
        order_id = self.order.order_id
        for sku, quantity in BOUGHT.items():
            receive(self.inventory, sku, quantity + 1)
        reserve_stock(order_id, lines(**BOUGHT), holds=self.inventory)
        commit_stock(order_id, holds=self.inventory)
        ports: Any = {"payments": self.payments, "provider": self.provider}
        amount = self.order.total
        asked = AuthorizePayment(order_id=order_id, amount=amount, payment_token="tok_ok")
        payment.authorize(asked, **ports)
        self.provider.silent = {"capture": "after"} if unknown else {}
        with suppress(PaymentUnknown):
            if captured:
                payment.capture(CapturePayment(order_id=order_id), **ports)
        self._calm()

    def _say(self, fact: Fact) -> None:
        delivered = [(place, fact) for place, hears in enumerate(ROOMS) if type(fact) in hears]
        self.all_said += delivered
        self.unheard += delivered

    def _hear_what_was_said(self) -> None:
        """What came into the outboxes goes on the bus."""
        known = [fact for _, fact in self.all_said]
        for fact in (*self.returns.said, *self.payments.said):
            if isinstance(fact, ReturnAccepted | PaymentRefunded) and fact not in known:
                self._say(fact)

    def _deliver(self, delivery: tuple[int, Fact]) -> None:
        place, fact = delivery
        try:
            ROOMS[place][type(fact)](fact)
        except NOT_YET:
            pass  # it comes again
        else:
            if delivery in self.unheard:
                self.unheard.remove(delivery)
        self._hear_what_was_said()

    def _calm(self) -> None:
        self.provider.silent, self.provider.dies = {}, {}
        self.inventory.trouble.is_over()


class _Rows:
    """The rooms' tables, as the stores would have written them."""

    def __init__(self, way: WayBack) -> None:
        self._way = way

    def waits(self) -> bool:
        return False

    def rows(self, room: str) -> Iterator[dict[str, Any]]:
        found: Iterator[dict[str, Any]] = getattr(self, f"_{room.lower()}", lambda: iter(()))()
        return found

    def _basket(self) -> Iterator[dict[str, Any]]:
        order = self._way.order
        due = {"total": order.total.amount, "currency": order.total.currency}
        yield {"pk": f"OWNER#{ADA}", "sk": "CHECKOUT#k", "order_id": order.order_id, **due}

    def _ordering(self) -> Iterator[dict[str, Any]]:
        way, order = self._way, self._way.order
        yield _head_row(order)
        yield _lines_row(order)
        if (book := way.returns.book(order.order_id)).version:
            pk, sk = _book_key(order.order_id)
            yield {"pk": pk, "sk": sk, **msgspec.to_builtins(book)}
        for back in way.asked():
            row = {name: value for name, value in _row(back).items() if value is not None}
            yield {"pk": f"RETURN#{back.return_id}", "sk": "RETURN", **row}

    def _inventory(self) -> Iterator[dict[str, Any]]:
        inventory = self._way.inventory
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
        order_id = self._way.order.order_id
        known = self._way.payments.get(order_id)
        assert known
        yield payment_row(known)
        for entry in self._way.payments.entries(order_id):
            yield _entry_row(order_id, entry)


TestWayBack = WayBack.TestCase
TestWayBack.settings = settings(stateful_step_count=30)
