"""The deployed checkout workflow confirms an order, or releases everything and rejects it."""

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
from tests.workflow.services import Services

CONFIRMATION = [
    "StartCheckout",
    "ReserveStock",
    "IsStockReserved",
    "AuthorizePayment",
    "IsPaymentAuthorized",
    "CommitStock",
    "ConfirmOrder",
]
REJECTION = ["StartRejection", "IsRejectionStarted", "VoidPayment", "ReleaseStock", "RejectOrder"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    return Services(monkeypatch, an_order(a_line("LAMP", quantity=2)), LAMP=5)


def test_an_order_is_confirmed_in_seven_steps(services: Services) -> None:
    execution = services.execution().run()

    assert execution.visited == CONFIRMATION
    assert services.order_status == "confirmed"
    assert services.hold_status() == "committed"
    assert services.available("LAMP") == 3
    assert services.are_consistent()


def test_an_order_without_enough_stock_is_rejected_and_names_the_skus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = Services(monkeypatch, an_order(a_line("LAMP"), a_line("RUG")), LAMP=5, RUG=1)

    execution = services.execution().run()

    assert execution.visited == [*CONFIRMATION[:3], "OutOfStock", *REJECTION]
    rejection = services.orders.get_head(services.order.order_id).rejection
    assert rejection is not None
    assert (rejection.reason, rejection.skus) == ("out-of-stock", ["RUG"])
    assert services.available("LAMP") == 5
    assert services.are_consistent()


def test_an_order_whose_payment_is_declined_releases_its_stock(services: Services) -> None:
    services.provider.decline_reason = "card-declined"

    execution = services.execution().run()

    assert execution.visited == [*CONFIRMATION[:5], "PaymentDeclined", *REJECTION]
    rejection = services.orders.get_head(services.order.order_id).rejection
    assert rejection is not None
    assert (rejection.reason, rejection.detail) == ("payment-declined", "card-declined")
    assert services.available("LAMP") == 5
    assert services.are_consistent()


def test_the_workflow_waits_for_a_slow_payment(services: Services) -> None:
    services.provider.is_slow = True
    attempts = iter(range(4))

    def authorize_on_fourth_attempt(service: str, command: str) -> None:
        if command == "AuthorizePayment" and next(attempts) == 3:
            services.provider.authorize_pending(services.reference)

    services.before = authorize_on_fourth_attempt

    assert services.execution().run().visited.count("AuthorizePayment") == 4
    assert services.order_status == "confirmed"


@pytest.mark.parametrize(
    ("faults", "attempts"),
    [
        ({"is_slow": True}, 15),
        ({"timeouts": dict.fromkeys(("open", "authorize", "find"), "after")}, 9),
        ({"timeouts": dict.fromkeys(("open", "authorize", "find"), "before")}, 9),
    ],
)
def test_an_order_whose_payment_stays_unresolved_ends_with_nothing_authorized(
    services: Services, faults: dict[str, Any], attempts: int
) -> None:
    for name, value in faults.items():
        setattr(services.provider, name, value)

    def provider_recovers(service: str, command: str) -> None:
        if command == "VoidPayment":
            services.provider.timeouts = {}

    services.before = provider_recovers
    execution = services.execution().run()

    assert execution.visited.count("AuthorizePayment") == attempts
    assert "PaymentUnresolved" in execution.visited
    assert services.order_status == "rejected"
    assert services.are_consistent()


def test_an_order_whose_hold_expired_is_rejected(services: Services) -> None:
    def release(service: str, command: str) -> None:
        if command == "CommitStock":
            services.before = lambda service, command: None
            services.invoke("Inventory", "ReleaseStock", {"order_id": services.order.order_id})

    services.before = release

    assert "ReservationExpired" in services.execution().run().visited
    assert services.are_consistent()


@pytest.mark.parametrize(
    "state_name",
    [
        name
        for name, state in DEFINITION["States"].items()
        if state["Type"] == "Task" and "InternalError" in str(state)
    ],
)
def test_a_step_that_fails_permanently_rejects_the_order(
    services: Services, state_name: str
) -> None:
    def fail(service: str, command: str) -> None:
        if command == state_name:
            raise RuntimeError("a defect")

    services.before = fail
    execution = services.execution().run()

    assert not execution.has_failed
    assert services.orders.get_head(services.order.order_id).rejection is not None
    assert services.are_consistent()


@pytest.mark.parametrize("command", ["VoidPayment", "ReleaseStock", "RejectOrder", "ConfirmOrder"])
def test_a_step_without_an_alternative_is_retried_until_the_workflow_fails_and_then_restarted(
    services: Services, command: str
) -> None:
    if command != "ConfirmOrder":
        services.provider.decline_reason = "card-declined"
    attempts = 0

    def fail(service: str, invoked: str) -> None:
        nonlocal attempts
        if invoked == command:
            attempts += 1
            raise Busy("not now")

    services.before = fail
    assert services.execution().run().has_failed  # raises the alarm
    assert attempts == 17
    assert services.order_status in ("placed", "rejecting")

    services.before = lambda service, invoked: None
    services.execution().run()  # started by the reconciler
    assert services.are_consistent()


@pytest.mark.parametrize("decline_reason", [None, "card-declined"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(9))
def test_a_workflow_killed_at_any_step_and_restarted_has_the_same_result(
    services: Services, number: int, when: str, decline_reason: str | None
) -> None:
    services.provider.decline_reason = decline_reason
    calls = 0

    def kill(service: str, command: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise Killed

    setattr(services, when, kill)
    try:
        services.execution().run()
    except Killed:
        setattr(services, when, lambda service, command: None)
        services.execution().run()

    assert services.order_status == ("rejected" if decline_reason else "confirmed")
    assert services.are_consistent()
    assert services.provider.authorization_count == (0 if decline_reason else 1)


def test_a_finished_checkout_is_not_repeated(services: Services) -> None:
    services.execution().run()

    assert services.execution().run().visited == ["StartCheckout", "AlreadyFinished"]
    assert services.are_consistent()


@pytest.mark.parametrize("steps", range(1, 7))
def test_an_execution_that_fails_after_another_confirmed_the_order_releases_nothing(
    services: Services, steps: int
) -> None:
    late = services.execution()
    for _ in range(steps):
        late.step()
    services.execution().run()

    def fail(service: str, command: str) -> None:
        if command in ("ReserveStock", "AuthorizePayment", "CommitStock"):
            raise RuntimeError("a defect")

    services.before = fail
    late.run()

    assert services.order_status == "confirmed"
    assert services.are_consistent()


class _TimedOut(Exception):
    """The function timed out; its command may or may not have taken effect."""


def _fail_by_draws(draws: Iterator[int]) -> Callable[[str, str], None]:
    def fail(service: str, command: str) -> None:
        if next(draws, 0) == 1:
            raise _TimedOut

    return fail


FAULTS = st.lists(st.sampled_from([[0], [0, 0, 0], [1], [1] * 4, [1] * 9]), max_size=12).map(
    lambda bursts: [draw for burst in bursts for draw in burst]
)
"""For each command 1 if it fails. Faults come in bursts, to exceed the retries."""


@given(
    st.lists(st.integers(0, 1), max_size=80),
    FAULTS,
    FAULTS,
    st.sampled_from([None, "card-declined"]),
    st.booleans(),
    st.integers(0, 3),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_interleaved_executions_of_one_order_with_faults_end_consistently(
    monkeypatch: pytest.MonkeyPatch,
    turns: list[int],
    faults_before: list[int],
    faults_after: list[int],
    decline_reason: str | None,
    is_slow: bool,
    more_stock: int,
) -> None:
    services = Services(monkeypatch, an_order(a_line("LAMP", quantity=2)), LAMP=1 + more_stock)
    services.provider.decline_reason, services.provider.is_slow = decline_reason, is_slow
    services.before = _fail_by_draws(iter(faults_before))
    services.after = _fail_by_draws(iter(faults_after))
    executions = [services.execution(), services.execution()]

    for turn in turns:
        if not executions[turn].has_ended:
            executions[turn].step()
    services.before = services.after = lambda service, command: None
    for execution in [*executions, services.execution()]:
        execution.run()

    assert services.are_consistent()
    assert services.provider.authorization_count <= 1
    assert len(services.orders.published) == 1


def test_exactly_the_total_of_the_order_is_authorized(services: Services) -> None:
    services.execution().run()

    payment = services.payments.get(services.order.order_id)
    assert payment is not None
    assert payment.amount == services.order.total == Money(3093, "GBP")
