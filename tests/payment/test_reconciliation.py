"""The reconciler resolves unsettled payments and reports differences to the provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from souk.kernel.clock import now, timestamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import Busy
from souk.payment import reconciliation, usecases
from souk.payment.domain import (
    Payment,
    PaymentChange,
    PaymentPending,
    PaymentStatus,
    PaymentUnknown,
    ProviderState,
)
from souk.payment.provider import ProviderUnavailable
from souk.payment.reconciliation import (
    LISTING_DELAY,
    RECONCILE_AGE,
    Difference,
    ReconciliationFailed,
    compare,
    reconcile,
    resolve_unsettled,
)
from tests.kernel.logs import capture_log
from tests.payment.builders import a_capture, a_void, an_authorize
from tests.payment.fakes import FakePayments, FakeProvider

LATER = now() + RECONCILE_AGE + timedelta(hours=3)  # the test session may take long


class Service:
    """The reconciler with a fake ledger and provider. `log` records messages and order ids."""

    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.reported: list[Difference] = []
        self.log: list[tuple[str, str]] = []
        self.remaining_checks = 1000

    def authorize(self) -> str:
        command = an_authorize()
        usecases.authorize(command, **self.ports)
        return command.order_id

    def start_undecided(self, **timeouts: str) -> str:
        """A payment whose authorization is undecided. Returns its order id."""
        command = an_authorize()
        self.provider.timeouts = timeouts
        with pytest.raises((PaymentPending, PaymentUnknown)):
            usecases.authorize(command, **self.ports)
        self.provider.timeouts = {}
        return command.order_id

    def resolve_unsettled(self) -> None:
        with capture_log() as log:
            resolve_unsettled(ledger=self.payments, provider=self.provider, has_time=self.has_time)
        self.log += [(line["message"], line["order_id"]) for line in log]

    def reconcile(self) -> None:
        with capture_log() as log:
            try:
                reconcile(
                    ledger=self.payments,
                    provider=self.provider,
                    has_time=self.has_time,
                    report=self.reported.append,
                )
            finally:
                self.log += [(line["message"], line["order_id"]) for line in log]

    def compare(self) -> list[Difference]:
        compare(
            ledger=self.payments,
            provider=self.provider,
            has_time=self.has_time,
            report=self.reported.append,
        )
        return self.reported

    def has_time(self) -> bool:
        self.remaining_checks -= 1
        return self.remaining_checks >= 0

    def status(self, order_id: str) -> PaymentStatus:
        payment = self.payments.get(order_id)
        assert payment
        return payment.status

    def change_at_provider(self, order_id: str, **changes: Any) -> ProviderState:
        """Change the payment at the provider without a webhook."""
        return self.provider._update(f"ref-{order_id}", **changes)

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """The clock is set hours ahead, so that all payments are old enough."""
    monkeypatch.setattr(reconciliation, "now", lambda: LATER)
    return Service()


def test_an_unknown_payment_is_resolved_from_the_provider(service: Service) -> None:
    order_id = service.start_undecided(authorize="after")

    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.AUTHORIZED
    assert service.log == [("settled", order_id)]


def test_a_payment_never_requested_at_the_provider_is_left_to_the_workflow(
    service: Service,
) -> None:
    order_id = service.start_undecided(authorize="before")

    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.UNKNOWN
    assert service.provider.authorization_count == 0
    assert service.log == [("still unsettled", order_id)]


def test_a_pending_payment_is_recorded_when_it_is_authorized(service: Service) -> None:
    service.provider.is_slow = True
    order_id = service.start_undecided()
    service.resolve_unsettled()
    assert service.status(order_id) is PaymentStatus.PENDING

    service.provider.authorize_pending(f"ref-{order_id}")
    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.AUTHORIZED
    assert service.log == [("still unsettled", order_id), ("settled", order_id)]


def test_an_unconfirmed_void_is_completed(service: Service) -> None:
    order_id = service.authorize()
    service.provider.timeouts = {"void": "before"}
    with pytest.raises(PaymentUnknown):
        usecases.void(a_void(order_id), **service.ports)
    service.resolve_unsettled()
    assert service.status(order_id) is PaymentStatus.VOIDING

    service.provider.timeouts = {}
    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.VOIDED
    assert service.log == [("still unsettled", order_id), ("settled", order_id)]


def test_an_unconfirmed_capture_is_completed(service: Service) -> None:
    order_id = service.authorize()
    service.provider.timeouts = {"capture": "after"}
    with pytest.raises(PaymentUnknown):
        usecases.capture(a_capture(order_id), **service.ports)

    service.provider.timeouts = {}
    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.CAPTURED


def test_a_payment_captured_instead_of_voided_is_settled(service: Service) -> None:
    order_id = service.authorize()
    service.provider.timeouts = {"void": "before"}
    with pytest.raises(PaymentUnknown):
        usecases.void(a_void(order_id), **service.ports)
    service.provider.timeouts = {}
    service.provider.capture(f"ref-{order_id}")

    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.CAPTURED
    assert service.log == [("settled", order_id)]


@pytest.mark.parametrize("error", [Busy("later"), ConditionFailed(frozenset({1})), LookupError()])
def test_a_payment_that_fails_is_logged_and_stops_neither_the_others_nor_the_comparison(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing, other = (service.start_undecided(authorize="after") for _ in range(2))
    save = service.payments.save

    def save_unless_failing(before: Payment | None, change: PaymentChange) -> Payment:
        if change.payment.order_id == failing:
            raise error
        return save(before, change)

    monkeypatch.setattr(service.payments, "save", save_unless_failing)

    with pytest.raises(ReconciliationFailed, match="1 payments"):
        service.reconcile()

    assert service.status(failing) is PaymentStatus.UNKNOWN
    assert service.status(other) is PaymentStatus.AUTHORIZED
    assert service.log == [("payment not resolved", failing), ("settled", other)]
    assert service.payments.cursor() is not None


def test_a_recent_payment_is_left_to_the_workflow(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = service.start_undecided(authorize="after")
    soon = now() + RECONCILE_AGE / 2
    monkeypatch.setattr(reconciliation, "now", lambda: soon)

    service.resolve_unsettled()

    assert service.status(order_id) is PaymentStatus.UNKNOWN


def test_a_run_stops_when_its_time_runs_out(service: Service) -> None:
    order_ids = [service.start_undecided(authorize="after") for _ in range(3)]
    service.remaining_checks = 2

    service.resolve_unsettled()

    statuses = [service.status(each) for each in order_ids]
    assert statuses == [PaymentStatus.AUTHORIZED, PaymentStatus.AUTHORIZED, PaymentStatus.UNKNOWN]


def test_consistent_payments_are_not_reported(service: Service) -> None:
    service.authorize()
    usecases.capture(a_capture(service.authorize()), **service.ports)
    usecases.void(a_void(service.authorize()), **service.ports)
    service.provider.decline_reason = "card-declined"
    usecases.authorize(an_authorize(), **service.ports)

    assert service.compare() == []
    assert len(service.provider.states) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"authorized": 4492},
        {"refunded": 1, "status": "captured", "captured": 4493},
        {"status": "declined", "authorized": 0},
        {"status": "open", "authorized": 0},
    ],
)
def test_a_difference_is_reported(service: Service, changes: dict[str, Any]) -> None:
    order_id = service.authorize()
    state = service.change_at_provider(order_id, **changes)

    (difference,) = service.compare()

    assert difference.provider_state == state
    assert difference.payment
    assert difference.payment.order_id == order_id


def test_an_authorization_missing_in_the_ledger_is_reported(service: Service) -> None:
    state = ProviderState(reference="ref-x", order_id="x", status="authorized", authorized=1)
    service.provider.states["ref-x"] = state

    assert service.compare() == [Difference(state, None)]


def test_an_unauthorized_payment_may_be_missing_in_the_ledger(service: Service) -> None:
    service.provider.states["ref-x"] = ProviderState(reference="ref-x", order_id="x", status="open")

    assert service.compare() == []


def test_a_second_payment_of_one_order_is_reported(service: Service) -> None:
    order_id = service.authorize()
    duplicate = msgspec.structs.replace(
        service.provider.states[f"ref-{order_id}"], reference="ref-2"
    )
    service.provider.states["ref-2"] = duplicate

    (difference,) = service.compare()

    assert difference.provider_state.reference == "ref-2"


def test_a_missed_change_is_recorded_and_not_reported(service: Service) -> None:
    order_id = service.authorize()
    service.change_at_provider(order_id, status="voided")

    assert service.compare() == []
    assert service.status(order_id) is PaymentStatus.VOIDED


def test_a_payment_authorized_after_its_void_is_voided_again(service: Service) -> None:
    service.provider.is_slow = True
    order_id = service.start_undecided()
    usecases.void(a_void(order_id), **service.ports)
    service.provider.authorize_pending(f"ref-{order_id}")

    assert service.compare() == []
    service.resolve_unsettled()

    assert service.provider.states[f"ref-{order_id}"].status == "voided"
    assert [entry.key for entry in service.payments.entries(order_id)] == ["authorize", "void"]


def test_the_cursor_moves_up_to_the_listing_delay(service: Service) -> None:
    service.compare()

    cursor = datetime.fromisoformat(service.payments.cursor() or "")
    assert abs(cursor - (LATER - LISTING_DELAY)) < timedelta(seconds=1)


def test_a_long_gap_is_compared_window_by_window(service: Service) -> None:
    service.payments.move_cursor(timestamp(LATER - LISTING_DELAY - timedelta(minutes=10)))
    service.remaining_checks = 3

    service.compare()
    assert service.provider.calls == ["list"] * 3
    service.remaining_checks = 1000
    service.compare()

    assert service.provider.calls == ["list"] * 10


def test_the_cursor_stays_while_the_list_is_unavailable(service: Service) -> None:
    start = timestamp(LATER - timedelta(minutes=10))
    service.payments.move_cursor(start)
    service.provider.timeouts = {"list": "before"}

    with pytest.raises(ProviderUnavailable):
        service.compare()

    assert service.payments.cursor() == start
