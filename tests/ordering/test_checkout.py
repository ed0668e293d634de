"""The checkout workflow: every order ends confirmed or rejected, whatever happens to it."""

from __future__ import annotations

from collections import Counter
from threading import Semaphore, Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.kernel.errors import Busy
from souk.ordering import usecases
from souk.ordering.domain import Rejection, Status
from tests.ordering.builders import a_line, an_order
from tests.ordering.checkout import Checkouts, Failed, Killed, at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.ordering.domain import Order

    Open = Callable[[Checkouts], Checkouts]

__all__ = ["at_once"]

HAPPY = ["BeginCheckout", "ReserveStock", "AuthorizePayment", "CommitStock", "ConfirmOrder"]
UNDO = ["RefuseOrder", "VoidPayment", "ReleaseStock", "RejectOrder"]
TOKENS = ["tok_ok", "tok_declined", "tok_slow", "tok_timeout", "tok_never"]


def lamps(quantity: int = 2, *, token: str = "tok_ok") -> Order:
    return an_order(a_line("LAMP", quantity=quantity), payment_token=token)


def assert_books_agree(shop: Checkouts, order: Order, stock: int) -> None:
    """The order is concluded, and stock and payment are as it says."""
    status = shop.status(order.order_id)
    hold, payment = shop.inventory.status(order.order_id), shop.payment.status.get(order.order_id)
    sold = sum(line.quantity for line in order.lines)
    if status is Status.CONFIRMED:
        assert (hold, payment) == ("committed", "authorized")
        assert shop.inventory.available["LAMP"] == stock - sold
        assert shop.said() == ["OrderConfirmed"]
    else:
        assert status is Status.REJECTED
        assert (hold, payment) == ("released", "voided")
        assert shop.inventory.available["LAMP"] == stock
        assert shop.said() == ["OrderRejected"]


def test_an_order_is_reserved_paid_committed_and_confirmed(at_once: Open) -> None:
    order = lamps()
    shop = at_once(Checkouts(order, LAMP=5))

    shop.run(order.order_id)

    assert shop.asked == HAPPY
    assert_books_agree(shop, order, 5)
    assert shop.status(order.order_id) is Status.CONFIRMED


def refused(shop: Checkouts, order: Order) -> Rejection | None:
    shop.run(order.order_id)
    assert_books_agree(shop, order, 5)
    return shop.orders.get(order.order_id).rejection


def test_what_is_not_in_stock_is_named(at_once: Open) -> None:
    order = an_order(a_line("LAMP", quantity=2), a_line("RUG"), a_line("MAT"))
    shop = at_once(Checkouts(order, LAMP=5))

    assert refused(shop, order) == Rejection(reason="out-of-stock", skus=["RUG", "MAT"])
    assert shop.asked == [*HAPPY[:2], *UNDO]


def test_one_thing_short_of_one_line_is_still_a_list(at_once: Open) -> None:
    order = lamps(6)

    assert refused(at_once(Checkouts(order, LAMP=5)), order) == Rejection(
        reason="out-of-stock", skus=["LAMP"]
    )


def test_a_declined_payment_gives_the_goods_back(at_once: Open) -> None:
    order = lamps(token="tok_declined")
    shop = at_once(Checkouts(order, LAMP=5))

    why = refused(shop, order)

    assert why == Rejection(reason="payment-declined", detail="insufficient-funds")
    assert shop.asked == [*HAPPY[:3], *UNDO]


@pytest.mark.parametrize("token", ["tok_slow", "tok_timeout"])
def test_a_payment_that_needs_time_is_asked_for_again(at_once: Open, token: str) -> None:
    order = lamps(token=token)
    shop = at_once(Checkouts(order, LAMP=5))

    shop.run(order.order_id)

    assert shop.status(order.order_id) is Status.CONFIRMED
    assert Counter(shop.asked)["AuthorizePayment"] > 2


def test_a_payment_that_never_settles_is_given_up(at_once: Open) -> None:
    order = lamps(token="tok_never")
    shop = at_once(Checkouts(order, LAMP=5))

    assert refused(shop, order) == Rejection(reason="payment-unresolved")


def test_a_hold_that_lapsed_is_not_confirmed(at_once: Open) -> None:
    order = lamps()
    shop = at_once(Checkouts(order, LAMP=5))
    shop.before = lambda step: shop.inventory.lapse(order.order_id) if step == HAPPY[3] else None

    assert refused(shop, order) == Rejection(reason="reservation-lapsed")


def test_an_order_concluded_is_left_alone(at_once: Open) -> None:
    order = lamps()
    shop = at_once(Checkouts(order, LAMP=5))
    shop.run(order.order_id)

    shop.run(order.order_id)

    assert shop.asked == [*HAPPY, "BeginCheckout"]


# --- broken off, repeated, overtaken ------------------------------------------------------------


def killed_at(shop: Checkouts, number: int, *, done: bool) -> None:
    """The execution dies before or after its `number`th step; the next one lives."""
    left = iter(range(number))

    def strike(_step: str) -> None:
        if next(left, None) is None:
            shop.before = shop.after = lambda _: None
            raise Killed

    if done:
        shop.after = strike
    else:
        shop.before = strike


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("number", range(9))
def test_killed_at_any_step_it_is_concluded_by_the_next_run(
    at_once: Open, token: str, done: bool, number: int
) -> None:
    order = lamps(token=token)
    shop = at_once(Checkouts(order, LAMP=5))
    killed_at(shop, number, done=done)

    for _ in range(2):
        try:
            shop.run(order.order_id)
        except Killed:
            continue

    assert_books_agree(shop, order, 5)


@pytest.mark.parametrize("step", [*HAPPY, *UNDO])
@pytest.mark.parametrize("error", [Busy("later"), RuntimeError("a moment's weakness")])
def test_a_step_that_fails_once_is_tried_again(at_once: Open, step: str, error: Exception) -> None:
    order = lamps(token="tok_declined" if step in UNDO else "tok_ok")
    shop = at_once(Checkouts(order, LAMP=5))
    left = [error]

    def stumble(name: str) -> None:
        if name == step and left:
            raise left.pop()

    shop.after = stumble  # its work was done, and the answer lost

    shop.run(order.order_id)

    assert Counter(shop.asked)[step] == 2
    assert_books_agree(shop, order, 5)


@pytest.mark.parametrize("step", [*HAPPY, *UNDO])
def test_a_step_that_fails_for_good_fails_the_run_and_undoes_nothing_by_itself(
    at_once: Open, step: str
) -> None:
    order = lamps(token="tok_declined" if step in UNDO else "tok_ok")
    shop = at_once(Checkouts(order, LAMP=5))

    def refuse(name: str) -> None:
        if name == step:
            raise RuntimeError("broken")

    shop.before = refuse
    with pytest.raises(Failed, match="RuntimeError"):
        shop.run(order.order_id)
    assert shop.orders.get(order.order_id).is_open  # so the reconciler finds it
    shop.before = lambda _: None

    shop.run(order.order_id)

    assert_books_agree(shop, order, 5)


def once_before(shop: Checkouts, step: str, happens: Callable[[], None]) -> None:
    def before(name: str) -> None:
        if name == step:
            shop.before = lambda _: None
            happens()

    shop.before = before


def test_a_run_that_gives_up_after_another_confirmed_undoes_nothing(at_once: Open) -> None:
    order = lamps(token="tok_never")
    shop = at_once(Checkouts(order, LAMP=5))

    def another_confirms() -> None:
        shop.payment.settled = True
        shop.run(order.order_id)
        assert shop.status(order.order_id) is Status.CONFIRMED

    once_before(shop, "RefuseOrder", another_confirms)

    shop.run(order.order_id)

    assert_books_agree(shop, order, 5)
    assert shop.status(order.order_id) is Status.CONFIRMED


@pytest.mark.parametrize("step", HAPPY)
def test_a_run_that_goes_on_after_another_rejected_gives_everything_back(
    at_once: Open, step: str
) -> None:
    order = lamps()
    shop = at_once(Checkouts(order, LAMP=5))

    def another_rejects() -> None:
        why = Rejection(reason="payment-unresolved")
        usecases.refuse_order(order.order_id, why, at="2", orders=shop.orders)
        shop.run(order.order_id)

    once_before(shop, step, another_rejects)

    shop.run(order.order_id)

    assert_books_agree(shop, order, 5)
    assert shop.status(order.order_id) is Status.REJECTED


class Race:
    """Two runs of the same order, each step in the order of `turns`."""

    def __init__(self, shop: Checkouts, order_id: str, turns: list[int]) -> None:
        self._go = [Semaphore(0), Semaphore(0)]
        self._came = Semaphore(0)
        self._turns = turns
        self._alive = {0, 1}
        self._runners = [Thread(target=self._run, args=(shop, order_id, n)) for n in (0, 1)]
        self.wrong: list[BaseException] = []

    def _run(self, shop: Checkouts, order_id: str, number: int) -> None:
        self._go[number].acquire()
        try:
            shop.run(order_id, lambda: self._next(number))
        except BaseException as error:  # noqa: BLE001  told by the test
            self.wrong.append(error)
        self._alive.discard(number)
        self._came.release()

    def _next(self, number: int) -> None:
        self._came.release()
        self._go[number].acquire()

    def run(self) -> None:
        for runner in self._runners:
            runner.start()
        turns = iter(self._turns)
        while self._alive:
            wanted = next(turns, 0)
            number = wanted if wanted in self._alive else next(iter(self._alive))
            self._go[number].release()
            self._came.acquire()
        for runner in self._runners:
            runner.join()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    turns=st.lists(st.integers(0, 1), min_size=20, max_size=20),
    token=st.sampled_from(["tok_ok", "tok_declined", "tok_slow", "tok_never"]),
    lapses=st.sets(st.integers(0, 12), max_size=2),
)
def test_two_runs_of_one_order_at_once_end_the_same(
    at_once: Open, turns: list[int], token: str, lapses: set[int]
) -> None:
    order = lamps(token=token)
    shop = at_once(Checkouts(order, LAMP=5))
    steps = iter(range(1000))

    def lapse(_step: str) -> None:
        if next(steps) in lapses:
            shop.inventory.lapse(order.order_id)

    shop.before = lapse
    race = Race(shop, order.order_id, turns)

    race.run()

    assert race.wrong == []
    assert_books_agree(shop, order, 5)
