"""The checkout workflow, as deployed: it confirms an order or undoes all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.kernel.errors import Busy
from souk.kernel.money import Money
from tests.ordering.builders import a_line, an_order
from tests.payment.fakes import Killed
from tests.workflow.machine import DEFINITION
from tests.workflow.rooms import Rooms

HAPPY = [
    "Begin",
    "ReserveStock",
    "IsReserved",
    "AuthorizePayment",
    "IsAuthorized",
    "CommitStock",
    "ConfirmOrder",
]
UNDONE = ["RefuseOrder", "IsRefused", "VoidPayment", "ReleaseStock", "RejectOrder"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    return Rooms(monkeypatch, an_order(a_line("LAMP", quantity=2)), LAMP=5)


def test_an_order_is_confirmed_in_seven_steps(rooms: Rooms) -> None:
    execution = rooms.execution().run()

    assert execution.walked == HAPPY
    assert (rooms.status, rooms.hold(), rooms.available("LAMP")) == ("confirmed", "committed", 3)
    assert rooms.agree()


def test_an_order_that_cannot_be_served_is_rejected_and_names_what_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rooms = Rooms(monkeypatch, an_order(a_line("LAMP"), a_line("RUG")), LAMP=5, RUG=1)

    execution = rooms.execution().run()

    assert execution.walked == [*HAPPY[:3], "OutOfStock", *UNDONE]
    standing = rooms.orders.standing(rooms.order.order_id)
    assert standing.rejection is not None
    assert (standing.rejection.reason, standing.rejection.skus) == ("out-of-stock", ["RUG"])
    assert rooms.available("LAMP") == 5
    assert rooms.agree()


def test_an_order_whose_payment_is_declined_gives_back_what_it_held(rooms: Rooms) -> None:
    rooms.provider.decides = "declined"

    execution = rooms.execution().run()

    assert execution.walked == [*HAPPY[:5], "Declined", *UNDONE]
    rejection = rooms.orders.standing(rooms.order.order_id).rejection
    assert rejection is not None
    assert (rejection.reason, rejection.detail) == ("payment-declined", "card-declined")
    assert rooms.available("LAMP") == 5
    assert rooms.agree()


def test_a_slow_payment_is_waited_for(rooms: Rooms) -> None:
    rooms.provider.decides = "pending"
    times = iter(range(4))

    def settle_at_last(room: str, command: str) -> None:
        if command == "AuthorizePayment" and next(times) == 3:
            rooms.provider.settle(rooms.order.order_id, "authorized")

    rooms.before = settle_at_last

    assert rooms.execution().run().walked.count("AuthorizePayment") == 4
    assert rooms.status == "confirmed"


@pytest.mark.parametrize(
    ("trouble", "tries"), [({"decides": "pending"}, 15), ({"silent": 99}, 9), ({"deaf": 99}, 9)]
)
def test_a_payment_that_is_never_decided_ends_with_nothing_set_aside(
    rooms: Rooms, trouble: dict[str, Any], tries: int
) -> None:
    for name, value in trouble.items():
        setattr(rooms.provider, name, value)

    def answers_again(room: str, command: str) -> None:
        if command == "VoidPayment":
            rooms.provider.silent = rooms.provider.deaf = 0

    rooms.before = answers_again
    execution = rooms.execution().run()

    assert execution.walked.count("AuthorizePayment") == tries
    assert "Unresolved" in execution.walked
    assert rooms.status == "rejected"
    assert rooms.agree()


def test_an_order_whose_reservation_lapsed_is_undone(rooms: Rooms) -> None:
    def release(room: str, command: str) -> None:
        if command == "CommitStock":
            rooms.before = lambda room, command: None
            rooms.ask("Inventory", "ReleaseStock", {"order_id": rooms.order.order_id})

    rooms.before = release

    assert "Lapsed" in rooms.execution().run().walked
    assert rooms.agree()


@pytest.mark.parametrize(
    "state",
    [
        name
        for name, it in DEFINITION["States"].items()
        if it["Type"] == "Task" and "NotPossible" in str(it)
    ],
)
def test_a_step_that_fails_for_good_undoes_the_order(rooms: Rooms, state: str) -> None:
    def fail(room: str, command: str) -> None:
        if command == state:
            raise RuntimeError("a mistake of ours")

    rooms.before = fail
    execution = rooms.execution().run()

    assert not execution.failed
    assert rooms.orders.standing(rooms.order.order_id).rejection is not None
    assert rooms.agree()


@pytest.mark.parametrize("command", ["VoidPayment", "ReleaseStock", "RejectOrder", "ConfirmOrder"])
def test_a_step_that_must_be_done_is_tried_until_a_person_is_called_and_done_afterwards(
    rooms: Rooms, command: str
) -> None:
    if command != "ConfirmOrder":
        rooms.provider.decides = "declined"
    tries = 0

    def fail(room: str, asked: str) -> None:
        nonlocal tries
        if asked == command:
            tries += 1
            raise Busy("not now")

    rooms.before = fail
    assert rooms.execution().run().failed  # which is what the alarm is for
    assert tries == 17
    assert rooms.status in ("placed", "rejecting")

    rooms.before = lambda room, asked: None
    rooms.execution().run()  # the reconciler's
    assert rooms.agree()


@pytest.mark.parametrize("decides", ["authorized", "declined"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(9))
def test_killed_at_any_step_and_run_again_the_result_is_the_same(
    rooms: Rooms, number: int, when: str, decides: str
) -> None:
    rooms.provider.decides = decides
    calls = 0

    def kill(room: str, command: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise Killed

    setattr(rooms, when, kill)
    try:
        rooms.execution().run()
    except Killed:
        setattr(rooms, when, lambda room, command: None)
        rooms.execution().run()

    assert rooms.status == {"authorized": "confirmed", "declined": "rejected"}[decides]
    assert rooms.agree()
    assert rooms.provider.moved.count(("authorize", rooms.order.order_id)) == 1


def test_a_decided_order_is_left_as_it_is(rooms: Rooms) -> None:
    rooms.execution().run()

    assert rooms.execution().run().walked == ["Begin", "Decided"]
    assert rooms.agree()


@pytest.mark.parametrize("steps", range(1, 7))
def test_an_execution_that_gives_up_after_another_has_confirmed_undoes_nothing(
    rooms: Rooms, steps: int
) -> None:
    late = rooms.execution()
    for _ in range(steps):
        late.step()
    rooms.execution().run()

    def fail(room: str, command: str) -> None:
        if command in ("ReserveStock", "AuthorizePayment", "CommitStock"):
            raise RuntimeError("a mistake of ours")

    rooms.before = fail
    late.run()

    assert rooms.status == "confirmed"
    assert rooms.agree()


class _Interrupted(Exception):
    """The function was ended by its time-out; what it did may or may not have happened."""


def _accidents(draws: Iterator[int]) -> Callable[[str, str], None]:
    def accident(room: str, command: str) -> None:
        if next(draws, 0) == 1:
            raise _Interrupted

    return accident


ACCIDENTS = st.lists(st.sampled_from([[0], [0, 0, 0], [1], [1] * 4, [1] * 9]), max_size=12).map(
    lambda bursts: [each for burst in bursts for each in burst]
)


@given(
    st.lists(st.integers(0, 1), max_size=80),
    ACCIDENTS,
    ACCIDENTS,
    st.sampled_from(["authorized", "declined", "pending"]),
    st.integers(0, 3),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_executions_of_one_order_in_any_interleaving_with_accidents_agree(
    monkeypatch: pytest.MonkeyPatch,
    turns: list[int],
    before: list[int],
    after: list[int],
    decides: str,
    stocked: int,
) -> None:
    rooms = Rooms(monkeypatch, an_order(a_line("LAMP", quantity=2)), LAMP=1 + stocked)
    rooms.provider.decides = decides
    rooms.before, rooms.after = _accidents(iter(before)), _accidents(iter(after))
    executions = [rooms.execution(), rooms.execution()]

    for turn in turns:
        if not executions[turn].is_over:
            executions[turn].step()
    rooms.before = rooms.after = lambda room, command: None
    for execution in [*executions, rooms.execution()]:
        execution.run()

    assert rooms.agree()
    assert rooms.provider.moved.count(("authorize", rooms.order.order_id)) <= 1
    decisions = [type(fact).__name__ for fact in rooms.orders.said]
    assert len(decisions) == 1


def test_a_total_in_another_amount_is_never_authorised(rooms: Rooms) -> None:
    rooms.execution().run()

    payment = rooms.ledger.get(rooms.order.order_id)
    assert payment is not None
    assert payment.amount == rooms.order.total == Money(3093, "GBP")
