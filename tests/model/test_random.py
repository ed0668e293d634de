"""Random customers, warehouse, carrier and provider; events are repeated and reordered."""

from __future__ import annotations

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from souk.basket.events import BasketCheckedOut, OrderLine
from souk.kernel.clock import now, timestamp
from souk.kernel.errors import ApiError
from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering import return_usecases, usecases
from souk.ordering.domain import OrderStatus
from souk.ordering.return_usecases import ReturnDecision
from souk.ordering.returns import RequestedLine, RequestedReturn
from tests.inventory.builders import receive
from tests.model.equations import INITIAL_STOCK, PRICES, SHIPPING, OrderModel, check
from tests.model.shop import ModelShop

OWNER = "guest-1"
picks = st.integers(0, 1_000)
baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 3), min_size=1)
provider_calls = st.sampled_from(["authorize", "capture", "void", "refund", "find"])


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


class RandomShop(RuleBasedStateMachine):
    """After any operations in any order, an idle shop satisfies the audit's equations.

    A `pick` selects one element of whatever list there is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.shop = ModelShop(self.patch)
        self.models: dict[str, OrderModel] = {}
        self.requested_returns: list[str] = []

    @initialize()
    def stock_is_received(self) -> None:
        for sku in PRICES:
            receive(self.shop.inventory, sku, INITIAL_STOCK)

    # --- customers

    @rule(basket=baskets)
    def an_order_is_delivered(self, basket: dict[str, int]) -> None:
        """A whole order without faults, so that returns are not rare."""
        order_id = self.check_out(basket)
        self.shop.run_until_idle()
        if self.shop.dispatch(order_id):
            self.models[order_id].is_delivered = self.shop.record_delivery(order_id)
            self.shop.run_until_idle()

    @rule(basket=baskets)
    def an_order_is_checked_out(self, basket: dict[str, int]) -> None:
        self.check_out(basket)

    def check_out(self, basket: dict[str, int]) -> str:
        order_id, model = new_id(), OrderModel(basket)
        lines = [
            OrderLine(sku=sku, name=sku, quantity=quantity, unit_price=pounds(PRICES[sku]))
            for sku, quantity in basket.items()
        ]
        self.models[order_id] = model
        self.shop.publish(
            BasketCheckedOut(
                order_id=order_id,
                owner=OWNER,
                contact_id=new_id(),
                lines=lines,
                shipping_option="standard",
                shipping=pounds(SHIPPING),
                total=pounds(model.total),
                payment_token="tok_test",
                checked_out_at=timestamp(now()),
            )
        )
        return order_id

    @precondition(lambda self: self.models)
    @rule(pick=picks)
    def a_cancellation_is_requested(self, pick: int) -> None:
        order_id = self._order_id(pick)
        try:
            usecases.request_cancellation(order_id, owner=OWNER, orders=self.shop.orders)
        except ApiError:
            return
        self.models[order_id].is_cancellation_requested = True

    @precondition(lambda self: self.models)
    @rule(pick=picks, sku=st.sampled_from(sorted(PRICES)), quantity=st.integers(1, 3))
    def a_return_is_requested(self, pick: int, sku: str, quantity: int) -> None:
        self.request_return(self._order_id(pick), sku, quantity)

    @precondition(lambda self: self.models)
    @rule(pick=picks)
    def all_items_are_returned_one_by_one(self, pick: int) -> None:
        order_id = self._order_id(pick)
        for sku in self.models[order_id].ordered:
            for _ in range(self.models[order_id].returnable(sku)):
                self.request_return(order_id, sku, 1)

    def request_return(self, order_id: str, sku: str, quantity: int) -> None:
        model = self.models[order_id]
        request = RequestedReturn(new_id(), "body", [RequestedLine(sku, quantity)])
        is_delivered = self._status(order_id) is OrderStatus.DELIVERED
        is_allowed = is_delivered and quantity <= model.returnable(sku)
        try:
            requested = return_usecases.request_return(
                order_id, request, owner=OWNER, orders=self.shop.orders, returns=self.shop.returns
            )
        except ApiError:
            assert not is_allowed
            return
        assert is_allowed
        model.return_requested[sku] = model.return_requested.get(sku, 0) + quantity
        self.requested_returns.append(requested.return_id)

    # --- staff, warehouse and carrier

    @precondition(lambda self: self.requested_returns)
    @rule(pick=picks, restock=st.booleans())
    def a_return_is_accepted(self, pick: int, restock: bool) -> None:
        return_id = self.requested_returns.pop(pick % len(self.requested_returns))
        self.accept_return(return_id, restock=restock)

    @precondition(lambda self: self.requested_returns)
    @rule(restock=st.booleans())
    def all_returns_are_accepted(self, restock: bool) -> None:
        while self.requested_returns:
            self.accept_return(self.requested_returns.pop(), restock=restock)

    def accept_return(self, return_id: str, *, restock: bool) -> None:
        line = return_usecases.get_return(return_id, returns=self.shop.returns).lines[0]
        decision = ReturnDecision("sam", [(line.sku, restock)])
        for _ in range(2):  # a repeated request changes nothing
            accepted = return_usecases.accept_return(
                return_id, decision, orders=self.shop.orders, returns=self.shop.returns
            )
        model = self.models[accepted.order_id]
        quantities = model.restocked if restock else model.written_off
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity

    @precondition(lambda self: self.requested_returns)
    @rule(pick=picks)
    def a_return_is_rejected(self, pick: int) -> None:
        return_id = self.requested_returns.pop(pick % len(self.requested_returns))
        decision = ReturnDecision("sam", rejection_reason="it is worn")
        rejected = return_usecases.reject_return(return_id, decision, returns=self.shop.returns)
        return_requested = self.models[rejected.order_id].return_requested
        return_requested[rejected.lines[0].sku] -= rejected.lines[0].quantity

    @precondition(lambda self: self.models)
    @rule(pick=picks)
    def an_order_is_dispatched(self, pick: int) -> None:
        self.shop.dispatch(self._order_id(pick))

    @precondition(lambda self: self.models)
    @rule(pick=picks)
    def a_delivery_is_recorded(self, pick: int) -> None:
        order_id = self._order_id(pick)
        if self.shop.record_delivery(order_id):
            self.models[order_id].is_delivered = True

    # --- provider, workflows and events

    @rule(call=provider_calls, moment=st.sampled_from(["before", "after"]))
    def the_provider_times_out(self, call: str, moment: str) -> None:
        self.shop.provider.timeouts[call] = moment

    @rule(declines=st.booleans())
    def the_provider_responds_again(self, declines: bool) -> None:
        self.shop.provider.timeouts.clear()
        self.shop.provider.decline_reason = "card-declined" if declines else None

    @precondition(lambda self: self.shop.running_executions())
    @rule(pick=picks, steps=st.integers(1, 20))
    def a_workflow_runs(self, pick: int, steps: int) -> None:
        executions = self.shop.running_executions()
        self.shop.run(executions[pick % len(executions)], steps)

    @precondition(lambda self: self.shop.pending)
    @rule(deliveries=st.lists(st.tuples(picks, st.booleans()), min_size=1, max_size=6))
    def events_are_delivered(self, deliveries: list[tuple[int, bool]]) -> None:
        for pick, keep in deliveries:
            if self.shop.pending:
                self.shop.deliver(pick % len(self.shop.pending), keep=keep)

    @precondition(lambda self: self.models)
    @rule()
    def the_shop_becomes_idle(self) -> None:
        self.shop.run_until_idle()
        check(self.shop, self.models)

    def teardown(self) -> None:
        try:
            self.shop.run_until_idle()
            check(self.shop, self.models)
            for order_id, model in self.models.items():
                event(f"an order ends {self.shop.orders.get_head(order_id).status.value}")
                event(f"items are returned: {bool(model.refund)}")
        finally:
            self.patch.undo()

    def _order_id(self, pick: int) -> str:
        return list(self.models)[pick % len(self.models)]

    def _status(self, order_id: str) -> OrderStatus | None:
        try:
            return self.shop.orders.get_head(order_id).status
        except ApiError:
            return None


TestRandomShop = RandomShop.TestCase
TestRandomShop.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)


def test_an_order_whose_workflow_failed_is_completed_by_a_new_execution() -> None:
    machine = RandomShop()
    try:
        machine.stock_is_received()
        machine.an_order_is_checked_out({"LAMP": 1})
        machine.events_are_delivered([(0, False)])
        machine.the_provider_times_out("authorize", "before")
        for _ in range(20):
            if machine.shop.running_executions():
                machine.the_provider_times_out("void", "before")
                machine.a_workflow_runs(0, 20)
        assert not machine.shop.running_executions()

        machine.the_shop_becomes_idle()
    finally:
        machine.patch.undo()
