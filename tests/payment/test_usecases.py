"""A payment is authorized, captured, voided and refunded once, despite faults and repetition."""

from __future__ import annotations

from typing import Any

import pytest

from souk.payment import events, usecases
from souk.payment.commands import Authorization, Captured, Refunded, Voided
from souk.payment.domain import AlreadyCaptured, PaymentPending, PaymentStatus, PaymentUnknown
from souk.payment.provider import WebhookEvent
from tests.payment.builders import TOTAL, a_capture, a_refund, a_void, an_authorize, pounds
from tests.payment.fakes import FakePayments, FakeProvider, Killed

AUTHORIZED = Authorization(status="authorized")


class Service:
    """The use cases with a fake ledger and provider, for one order."""

    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.command = an_authorize()
        self.order_id = self.command.order_id

    def authorize(self) -> Authorization:
        return usecases.authorize(self.command, **self.ports)

    def void(self) -> Voided:
        return usecases.void(a_void(self.order_id), **self.ports)

    def capture(self) -> Captured:
        return usecases.capture(a_capture(self.order_id), **self.ports)

    def refund(self, amount: int, refund_id: str = "refund-1") -> Refunded:
        return usecases.refund(a_refund(self.order_id, amount, refund_id), **self.ports)

    def resolve(self) -> None:
        payment = self.payments.get(self.order_id)
        assert payment
        usecases.resolve(payment, **self.ports)

    def receive_webhook(self) -> bool:
        return usecases.apply_webhook(
            WebhookEvent(f"ref-{self.order_id}", self.order_id), **self.ports
        )

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}

    @property
    def status(self) -> PaymentStatus:
        payment = self.payments.get(self.order_id)
        assert payment
        return payment.status

    @property
    def ledger(self) -> list[tuple[str, int]]:
        return [(entry.key, entry.amount.amount) for entry in self.payments.entries(self.order_id)]

    @property
    def authorized_amount(self) -> int:
        """The amount authorized at the provider, neither captured nor voided."""
        state = self.provider.states.get(f"ref-{self.order_id}")
        return state.authorized if state and state.status == "authorized" else 0


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def authorized(service: Service) -> Service:
    service.authorize()
    return service


@pytest.fixture
def captured(authorized: Service) -> Service:
    authorized.capture()
    return authorized


# --- authorization ----------------------------------------------------------------------------


def test_an_authorization_is_recorded_and_published(service: Service) -> None:
    result = service.authorize()

    assert result == AUTHORIZED
    assert service.ledger == [("authorize", 4493)]
    assert service.payments.published == [
        events.PaymentAuthorized(order_id=service.order_id, amount=TOTAL),
    ]


def test_a_repeated_authorization_does_not_call_the_provider(authorized: Service) -> None:
    before = list(authorized.provider.calls)

    assert authorized.authorize() == AUTHORIZED
    assert authorized.provider.calls == before


def test_a_repeated_command_returns_the_same_decline(service: Service) -> None:
    service.provider.decline_reason = "insufficient-funds"

    results = [service.authorize(), service.authorize()]

    assert results == [Authorization(status="declined", reason="insufficient-funds")] * 2
    assert service.ledger == []
    assert service.payments.published == [
        events.PaymentDeclined(order_id=service.order_id, reason="insufficient-funds")
    ]


def test_a_pending_authorization_succeeds_when_repeated_later(service: Service) -> None:
    service.provider.is_slow = True
    with pytest.raises(PaymentPending):
        service.authorize()
    with pytest.raises(PaymentPending):
        service.authorize()
    assert service.status is PaymentStatus.PENDING

    service.provider.authorize_pending(f"ref-{service.order_id}")

    assert service.authorize() == AUTHORIZED
    assert service.ledger == [("authorize", 4493)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["open", "authorize"])
def test_a_missing_response_is_resolved_when_the_command_is_repeated(
    service: Service, call: str, moment: str
) -> None:
    service.provider.timeouts = {call: moment}
    with pytest.raises(PaymentUnknown):
        service.authorize()
    assert service.ledger == []

    service.provider.timeouts = {}

    assert service.authorize() == AUTHORIZED
    assert service.ledger == [("authorize", 4493)]
    assert service.provider.authorization_count == 1


def test_a_repeated_command_queries_the_provider_before_authorizing_again(service: Service) -> None:
    service.provider.timeouts = {"authorize": "after"}
    with pytest.raises(PaymentUnknown):
        service.authorize()
    service.provider.timeouts = {}

    service.authorize()

    assert service.provider.calls == ["open", "authorize", "find"]


def test_a_payment_stays_unknown_while_the_provider_does_not_respond(service: Service) -> None:
    service.provider.timeouts = {"authorize": "before"}

    for _ in range(3):
        with pytest.raises(PaymentUnknown):
            service.authorize()

    assert service.status is PaymentStatus.UNKNOWN


KILLS = [
    ("before open", lambda service: service.provider.kills.update(open="before")),
    ("after open", lambda service: service.provider.kills.update(open="after")),
    ("before the payment is saved", lambda service: setattr(service.payments, "killed_before", 1)),
    ("after the payment is saved", lambda service: setattr(service.payments, "killed_after", 1)),
    ("before authorize", lambda service: service.provider.kills.update(authorize="before")),
    ("after authorize", lambda service: service.provider.kills.update(authorize="after")),
    ("before the entry is saved", lambda service: setattr(service.payments, "killed_before", 2)),
    ("after the entry is saved", lambda service: setattr(service.payments, "killed_after", 2)),
]


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: kill[0])
def test_a_killed_authorization_is_completed_once_when_repeated(
    service: Service, kill: Any
) -> None:
    _, arrange = kill
    arrange(service)
    with pytest.raises(Killed):
        service.authorize()

    service.provider.kills = {}

    assert service.authorize() == AUTHORIZED
    assert service.provider.authorization_count == 1
    assert service.ledger == [("authorize", 4493)]
    assert service.payments.published == [
        events.PaymentAuthorized(order_id=service.order_id, amount=TOTAL)
    ]


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: kill[0])
def test_a_killed_authorization_leaves_nothing_authorized_after_a_void(
    service: Service, kill: Any
) -> None:
    _, arrange = kill
    arrange(service)
    with pytest.raises(Killed):
        service.authorize()

    service.provider.kills = {}

    assert service.void() == Voided()
    assert service.authorize() == Authorization(status="voided")
    assert service.authorized_amount == 0


@pytest.mark.parametrize("call", ["open", "authorize"])
def test_two_concurrent_commands_authorize_once(service: Service, call: str) -> None:
    results: list[Authorization] = []
    service.provider.concurrent_actions = {call: lambda: results.append(service.authorize())}

    results.append(service.authorize())

    assert results == [AUTHORIZED, AUTHORIZED]
    assert service.provider.authorization_count == 1
    assert service.ledger == [("authorize", 4493)]


def test_a_webhook_before_the_response_is_recorded_once(service: Service) -> None:
    service.provider.concurrent_actions = {
        "authorize": lambda: [service.receive_webhook(), service.receive_webhook()]
    }

    assert service.authorize() == AUTHORIZED
    assert service.ledger == [("authorize", 4493)]
    assert len(service.payments.published) == 1


def test_a_webhook_replaces_a_missing_response(service: Service) -> None:
    service.provider.concurrent_actions = {"authorize": service.receive_webhook}
    service.provider.timeouts = {"authorize": "after"}

    assert service.authorize() == AUTHORIZED


# --- void -------------------------------------------------------------------------------------


def test_a_void_is_recorded_and_published_once(authorized: Service) -> None:
    assert [authorized.void(), authorized.void()] == [Voided(), Voided()]

    assert authorized.authorized_amount == 0
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]
    assert authorized.payments.published[1:] == [
        events.PaymentVoided(order_id=authorized.order_id, amount=TOTAL)
    ]


def test_a_payment_voided_before_the_command_is_never_authorized(service: Service) -> None:
    service.void()

    assert service.authorize() == Authorization(status="voided")
    assert service.provider.calls == []
    assert service.ledger == []


def test_a_payment_voided_while_it_is_opened_is_never_authorized(service: Service) -> None:
    service.provider.concurrent_actions = {"open": service.void}

    assert service.authorize() == Authorization(status="voided")
    assert service.provider.authorization_count == 0


def test_a_payment_voided_while_it_is_authorized_stays_voided(service: Service) -> None:
    service.provider.concurrent_actions = {"authorize": service.void}

    assert service.authorize() == Authorization(status="voided")
    assert service.authorized_amount == 0
    assert service.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_declined_and_voided_payment_is_not_requested_again(service: Service) -> None:
    service.provider.decline_reason = "card-declined"
    service.authorize()
    service.void()
    service.provider.decline_reason = None

    assert service.authorize() == Authorization(status="voided")
    assert service.payments.published[1:] == []


def test_voiding_an_unknown_payment_releases_its_authorization(service: Service) -> None:
    service.provider.timeouts = {"authorize": "after"}
    with pytest.raises(PaymentUnknown):
        service.authorize()
    assert service.authorized_amount

    service.void()

    assert service.authorized_amount == 0
    assert service.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_voided_pending_payment_is_not_authorized_later(service: Service) -> None:
    service.provider.is_slow = True
    with pytest.raises(PaymentPending):
        service.authorize()

    service.void()
    service.provider.is_slow = False

    assert service.authorize() == Authorization(status="voided")
    assert (service.authorized_amount, service.provider.authorization_count) == (0, 0)


def test_a_void_is_final_even_if_the_provider_does_not_respond(authorized: Service) -> None:
    authorized.provider.timeouts = {"void": "before"}
    with pytest.raises(PaymentUnknown):
        authorized.void()

    assert authorized.authorize() == Authorization(status="voided")
    assert authorized.capture() == Captured(status="voided")
    authorized.provider.timeouts = {}
    authorized.resolve()

    assert authorized.status is PaymentStatus.VOIDED
    assert authorized.authorized_amount == 0


def test_a_voided_payment_that_is_authorized_all_the_same_is_voided_again(service: Service) -> None:
    """The provider authorizes a payment that it reported as voided."""
    service.provider.is_slow = True
    with pytest.raises(PaymentPending):
        service.authorize()
    service.void()

    service.provider.authorize_pending(f"ref-{service.order_id}")
    service.receive_webhook()
    assert service.status is PaymentStatus.VOIDING
    service.resolve()

    assert service.authorized_amount == 0
    assert service.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_captured_payment_cannot_be_voided(captured: Service) -> None:
    with pytest.raises(AlreadyCaptured):
        captured.void()

    assert captured.status is PaymentStatus.CAPTURED


# --- capture ----------------------------------------------------------------------------------


def test_a_repeated_capture_captures_once(authorized: Service) -> None:
    results = [authorized.capture(), authorized.capture()]

    assert results == [Captured(status="captured")] * 2
    assert authorized.ledger == [("authorize", 4493), ("capture", 4493)]
    assert authorized.payments.published[1:] == [
        events.PaymentCaptured(order_id=authorized.order_id, amount=TOTAL)
    ]


def test_a_voided_payment_is_not_captured(authorized: Service) -> None:
    authorized.void()

    assert authorized.capture() == Captured(status="voided")
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]


def test_an_order_without_a_payment_is_not_captured(service: Service) -> None:
    assert service.capture() == Captured(status="failed", reason="never-authorized")


def test_a_pending_payment_is_not_captured(service: Service) -> None:
    service.provider.is_slow = True
    with pytest.raises(PaymentPending):
        service.authorize()

    assert service.capture() == Captured(status="failed", reason="still-pending")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_capture_without_a_response_is_completed_by_the_reconciler(
    authorized: Service, moment: str
) -> None:
    authorized.provider.timeouts = {"capture": moment}
    with pytest.raises(PaymentUnknown):
        authorized.capture()
    with pytest.raises(AlreadyCaptured):
        authorized.void()

    authorized.provider.timeouts = {}
    authorized.resolve()

    assert authorized.capture() == Captured(status="captured")
    assert authorized.ledger == [("authorize", 4493), ("capture", 4493)]


def test_an_authorization_that_expired_at_the_provider_is_recorded(authorized: Service) -> None:
    authorized.provider._void(f"ref-{authorized.order_id}")

    assert authorized.capture() == Captured(status="voided")
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_rejected_capture_fails_and_the_payment_can_be_voided(
    authorized: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = authorized.provider.states[f"ref-{authorized.order_id}"]
    monkeypatch.setattr(authorized.provider, "capture", lambda _: state)

    assert authorized.capture() == Captured(status="failed", reason="still-authorized")
    assert authorized.void() == Voided()


# --- refund -----------------------------------------------------------------------------------


def test_refunds_never_exceed_the_captured_amount(captured: Service) -> None:
    results = [
        captured.refund(4000, "r-1"),
        captured.refund(494, "r-2"),
        captured.refund(493, "r-3"),
        captured.refund(1, "r-4"),
    ]

    rejected = Refunded(status="rejected", reason="more-than-captured")
    assert results == [
        Refunded(status="refunded"),
        rejected,
        Refunded(status="refunded"),
        rejected,
    ]
    assert captured.ledger[2:] == [("refund#r-1", 4000), ("refund#r-3", 493)]
    assert captured.status is PaymentStatus.REFUNDED


def test_a_repeated_refund_is_made_once(captured: Service) -> None:
    results = [captured.refund(1000), captured.refund(1000)]

    assert results == [Refunded(status="refunded")] * 2
    assert captured.provider.refunds == {"refund-1": 1000}
    assert captured.payments.published[2:] == [
        events.PaymentRefunded(
            order_id=captured.order_id, refund_id="refund-1", amount=pounds(1000)
        )
    ]


def test_two_concurrent_refund_commands_are_recorded_once(
    captured: Service,
) -> None:
    results: list[Refunded] = []
    captured.provider.concurrent_actions = {"refund": lambda: results.append(captured.refund(1000))}

    results.append(captured.refund(1000))

    assert results == [Refunded(status="refunded")] * 2
    assert captured.ledger[2:] == [("refund#refund-1", 1000)]


def test_a_refund_id_cannot_be_reused_with_another_amount(captured: Service) -> None:
    captured.refund(1000)

    assert captured.refund(999) == Refunded(status="rejected", reason="amount-mismatch")


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_needs_a_positive_amount(captured: Service, amount: int) -> None:
    assert captured.refund(amount) == Refunded(status="rejected", reason="invalid-amount")


@pytest.mark.parametrize("prepare", [lambda _: None, Service.authorize])
def test_an_uncaptured_payment_cannot_be_refunded(service: Service, prepare: Any) -> None:
    prepare(service)

    assert service.refund(1) == Refunded(status="rejected", reason="not-captured")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_refund_without_a_response_reserves_its_amount(captured: Service, moment: str) -> None:
    captured.provider.timeouts = {"refund": moment}
    with pytest.raises(PaymentUnknown):
        captured.refund(4000, "r-1")
    assert captured.refund(494, "r-2").reason == "more-than-captured"

    captured.provider.timeouts = {}
    captured.resolve()

    assert captured.refund(4000, "r-1") == Refunded(status="refunded")
    assert captured.provider.refunds == {"r-1": 4000}


def test_a_rejected_refund_frees_its_amount(captured: Service) -> None:
    captured.provider._refund(f"ref-{captured.order_id}", "by-hand", 4000)

    assert captured.refund(1000, "r-1") == Refunded(status="rejected", reason="provider-rejected")
    assert captured.refund(493, "r-2") == Refunded(status="refunded")


# --- webhooks ---------------------------------------------------------------------------------


def test_a_webhook_before_its_payment_exists_is_unknown(service: Service) -> None:
    assert service.receive_webhook() is False
    assert service.provider.calls == []

    assert service.authorize() == AUTHORIZED


def test_a_webhook_with_another_reference_changes_nothing(authorized: Service) -> None:
    webhook = WebhookEvent("ref-of-another", authorized.order_id)

    assert usecases.apply_webhook(webhook, **authorized.ports) is False


def test_late_webhooks_change_nothing(captured: Service) -> None:
    published = list(captured.payments.published)

    assert captured.receive_webhook()
    assert captured.receive_webhook()

    assert captured.payments.published == published
    assert captured.status is PaymentStatus.CAPTURED


def test_a_webhook_fails_while_the_provider_does_not_respond(authorized: Service) -> None:
    authorized.provider.timeouts = {"find": "before"}

    with pytest.raises(PaymentUnknown):
        authorized.receive_webhook()
