"""Customers, warehouse, carrier and provider at random, and a post that doubles and reorders."""

from __future__ import annotations

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from souk.basket.events import BasketCheckedOut, CheckedOutLine
from souk.kernel.clock import now, stamp
from souk.kernel.errors import Refusal
from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering import returning, usecases
from souk.ordering.domain import Status
from souk.ordering.returning import Verdict
from souk.ordering.returns import Wanted, Wish
from tests.inventory import builders as stock
from tests.model.equations import PRICES, SHIPPING, STOCKED, Story, check
from tests.model.shop import ModelShop

OWNER = "guest-1"
picks = st.integers(0, 1_000)
baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 3), min_size=1)
accidents = st.sampled_from(["authorize", "capture", "void", "refund", "find"])


def pounds(amount: int) -> Money:
    return Money(amount, "GBP")


class RandomShop(RuleBasedStateMachine):
    """Whatever happens in whatever order, a shop at rest satisfies the audit's equations."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.shop = ModelShop(self.patch)
        self.stories: dict[str, Story] = {}
        self.asked: list[str] = []

    @initialize()
    def stocked(self) -> None:
        for sku in PRICES:
            stock.receive(self.shop.inventory, sku, STOCKED)

    # --- customers

    @rule(basket=baskets)
    def buys_and_receives(self, basket: dict[str, int]) -> None:
        """All goes well for once, so that what comes after delivery is not rare."""
        order_id = self.checks_out(basket)
        self.shop.come_to_rest()
        if self.shop.dispatch(order_id):
            self.stories[order_id].handed_over = self.shop.hand_over(order_id)
            self.shop.come_to_rest()

    @rule(basket=baskets)
    def only_checks_out(self, basket: dict[str, int]) -> None:
        self.checks_out(basket)

    def checks_out(self, basket: dict[str, int]) -> str:
        order_id, story = new_id(), Story(basket)
        lines = [
            CheckedOutLine(sku=sku, name=sku, quantity=count, unit_price=pounds(PRICES[sku]))
            for sku, count in basket.items()
        ]
        self.stories[order_id] = story
        self.shop.say(
            BasketCheckedOut(
                order_id=order_id,
                owner=OWNER,
                contact_id=new_id(),
                lines=lines,
                shipping_option="standard",
                shipping=pounds(SHIPPING),
                total=pounds(story.total),
                payment_token="tok_test",
                checked_out_at=stamp(now()),
            )
        )
        return order_id

    @precondition(lambda self: self.stories)
    @rule(pick=picks)
    def asks_to_cancel(self, pick: int) -> None:
        order_id = self._one(pick)
        try:
            usecases.ask_to_cancel(order_id, owner=OWNER, orders=self.shop.orders)
        except Refusal:
            return
        self.stories[order_id].cancel_asked = True

    @precondition(lambda self: self.stories)
    @rule(pick=picks, sku=st.sampled_from(sorted(PRICES)), count=st.integers(1, 3))
    def asks_to_send_back(self, pick: int, sku: str, count: int) -> None:
        self.ask_return(self._one(pick), sku, count)

    @precondition(lambda self: self.stories)
    @rule(pick=picks)
    def asks_to_send_all_back_in_pieces(self, pick: int) -> None:
        order_id = self._one(pick)
        for sku in self.stories[order_id].bought:
            for _ in range(self.stories[order_id].left(sku)):
                self.ask_return(order_id, sku, 1)

    def ask_return(self, order_id: str, sku: str, count: int) -> None:
        story = self.stories[order_id]
        wish = Wish(new_id(), "body", [Wanted(sku, count)])
        allowed = self._status(order_id) is Status.DELIVERED and count <= story.left(sku)
        try:
            back = returning.ask_return(
                order_id, wish, owner=OWNER, orders=self.shop.orders, returns=self.shop.returns
            )
        except Refusal:
            assert not allowed
            return
        assert allowed
        story.on_the_way[sku] = story.on_the_way.get(sku, 0) + count
        self.asked.append(back.return_id)

    # --- staff, warehouse and carrier

    @precondition(lambda self: self.asked)
    @rule(pick=picks, restock=st.booleans())
    def takes_one_back(self, pick: int, restock: bool) -> None:
        self.take_back(self.asked.pop(pick % len(self.asked)), restock=restock)

    @precondition(lambda self: self.asked)
    @rule(restock=st.booleans())
    def takes_all_back(self, restock: bool) -> None:
        while self.asked:
            self.take_back(self.asked.pop(), restock=restock)

    def take_back(self, return_id: str, *, restock: bool) -> None:
        item = returning.read_return(return_id, returns=self.shop.returns).items[0]
        verdict = Verdict("sam", [(item.sku, restock)])
        for _ in range(2):  # clicked twice
            back = returning.accept_return(
                return_id, verdict, orders=self.shop.orders, returns=self.shop.returns
            )
        story = self.stories[back.order_id]
        shelf = story.restocked if restock else story.written_off
        shelf[item.sku] = shelf.get(item.sku, 0) + item.quantity

    @precondition(lambda self: self.asked)
    @rule(pick=picks)
    def refuses_to_take_back(self, pick: int) -> None:
        return_id = self.asked.pop(pick % len(self.asked))
        verdict = Verdict("sam", refusal="it is worn")
        back = returning.refuse_return(return_id, verdict, returns=self.shop.returns)
        left = self.stories[back.order_id].on_the_way
        left[back.items[0].sku] -= back.items[0].quantity

    @precondition(lambda self: self.stories)
    @rule(pick=picks)
    def dispatches(self, pick: int) -> None:
        self.shop.dispatch(self._one(pick))

    @precondition(lambda self: self.stories)
    @rule(pick=picks)
    def hands_over(self, pick: int) -> None:
        order_id = self._one(pick)
        if self.shop.hand_over(order_id):
            self.stories[order_id].handed_over = True

    # --- accidents, workflows and the post

    @rule(call=accidents, moment=st.sampled_from(["before", "after"]))
    def provider_falls_silent(self, call: str, moment: str) -> None:
        self.shop.provider.silent[call] = moment

    @rule(declines=st.booleans())
    def provider_answers(self, declines: bool) -> None:
        self.shop.provider.silent.clear()
        self.shop.provider.decline = "card-declined" if declines else None

    @precondition(lambda self: self.shop.at_work())
    @rule(pick=picks, steps=st.integers(1, 20))
    def works(self, pick: int, steps: int) -> None:
        executions = self.shop.at_work()
        self.shop.work(executions[pick % len(executions)], steps)

    @precondition(lambda self: self.shop.waiting)
    @rule(some=st.lists(st.tuples(picks, st.booleans()), min_size=1, max_size=6))
    def hears(self, some: list[tuple[int, bool]]) -> None:
        for pick, again in some:
            if self.shop.waiting:
                self.shop.hear(pick % len(self.shop.waiting), again=again)

    @precondition(lambda self: self.stories)
    @rule()
    def all_is_calm(self) -> None:
        self.shop.come_to_rest()
        check(self.shop, self.stories)

    def teardown(self) -> None:
        try:
            self.shop.come_to_rest()
            check(self.shop, self.stories)
            for order_id, story in self.stories.items():
                event(f"an order ends {self.shop.orders.standing(order_id).status.value}")
                event(f"it comes back: {bool(story.refund)}")
        finally:
            self.patch.undo()

    def _one(self, pick: int) -> str:
        return list(self.stories)[pick % len(self.stories)]

    def _status(self, order_id: str) -> Status | None:
        try:
            return self.shop.orders.standing(order_id).status
        except Refusal:
            return None


TestRandomShop = RandomShop.TestCase
TestRandomShop.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)


def test_an_order_whose_workflow_gave_up_is_taken_up_again() -> None:
    shop = RandomShop()
    try:
        shop.stocked()
        shop.only_checks_out({"LAMP": 1})
        shop.hears([(0, False)])
        shop.provider_falls_silent("authorize", "before")
        for _ in range(20):
            if shop.shop.at_work():
                shop.provider_falls_silent("void", "before")
                shop.works(0, 20)
        assert not shop.shop.at_work()

        shop.all_is_calm()
    finally:
        shop.patch.undo()
