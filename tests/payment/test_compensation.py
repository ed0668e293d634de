"""Cancellations and returns are compensated once, however often and late their events arrive."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.payment import usecases
from souk.payment.commands import Authorization
from souk.payment.compensation import (
    CANCELLATION,
    NotCaptured,
    compensate_cancellation,
    refund_return,
)
from souk.payment.domain import PaymentPending, PaymentStatus, PaymentUnknown, RefundRejected
from souk.payment.events import PaymentRefunded, PaymentVoided
from tests.payment.builders import TOTAL, a_capture, an_authorize, pounds
from tests.payment.fakes import FakePayments, FakeProvider, Killed

RETRYABLE = (PaymentUnknown, PaymentPending, NotCaptured, Killed)


class Service:
    """One order with an authorized payment, and the events about it."""

    def __init__(self, *, authorized: bool = True) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.command = an_authorize()
        self.order_id = self.command.order_id
        if authorized:
            self.authorize()

    def authorize(self) -> Authorization:
        return usecases.authorize(self.command, **self.ports)

    def capture(self) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.capture(a_capture(self.order_id), **self.ports)

    def cancel(self) -> None:
        compensate_cancellation(self.order_id, **self.ports)

    def accept_return(self, return_id: str = "r-1", amount: int = 1000) -> None:
        refund_return(self.order_id, return_id, pounds(amount), **self.ports)

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}

    @property
    def status(self) -> PaymentStatus:
        payment = self.payments.get(self.order_id)
        assert payment
        return payment.status

    @property
    def refunds(self) -> dict[str, int]:
        return {
            entry.key.removeprefix("refund#"): entry.amount.amount
            for entry in self.payments.entries(self.order_id)
            if entry.type == "refund"
        }

    def published(self, event_type: type[Any]) -> list[Any]:
        return [event for event in self.payments.published if isinstance(event, event_type)]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def captured(service: Service) -> Service:
    service.capture()
    return service


# --- cancellations


def test_a_cancelled_payment_is_voided_once(service: Service) -> None:
    service.cancel()
    service.cancel()

    assert service.status is PaymentStatus.VOIDED
    assert service.published(PaymentVoided) == [
        PaymentVoided(order_id=service.order_id, amount=TOTAL)
    ]
    assert service.refunds == {}


def test_a_payment_captured_before_the_cancellation_is_refunded_once_in_full(
    captured: Service,
) -> None:
    captured.cancel()
    captured.cancel()

    assert captured.status is PaymentStatus.REFUNDED
    assert captured.refunds == captured.provider.refunds == {CANCELLATION: TOTAL.amount}
    assert len(captured.published(PaymentRefunded)) == 1


def test_a_cancellation_refunds_only_what_was_not_refunded_before(captured: Service) -> None:
    captured.accept_return("r-1", 1000)

    captured.cancel()
    captured.cancel()

    assert captured.refunds == {"r-1": 1000, CANCELLATION: TOTAL.amount - 1000}


def test_an_order_cancelled_before_authorization_is_never_authorized() -> None:
    service = Service(authorized=False)

    service.cancel()

    assert service.authorize().status == "voided"
    assert service.provider.authorization_count == 0


def test_a_cancellation_waits_for_an_unknown_capture_and_then_refunds(
    service: Service,
) -> None:
    service.provider.timeouts = {"capture": "after"}
    service.capture()
    with pytest.raises(PaymentUnknown):
        service.cancel()
    assert (service.status, service.refunds) == (PaymentStatus.CAPTURING, {})

    service.provider.timeouts = {}
    service.cancel()

    assert service.refunds == {CANCELLATION: TOTAL.amount}


def test_a_cancellation_after_a_rejected_capture_voids(service: Service) -> None:
    service.provider.timeouts = {"capture": "before"}
    service.capture()
    reference = f"ref-{service.order_id}"
    service.provider._update(reference, status="voided")  # by the bank

    service.provider.timeouts = {}
    for _ in range(2):
        with suppress(NotCaptured):
            service.cancel()

    assert (service.status, service.refunds) == (PaymentStatus.VOIDED, {})


# --- accepted returns


def test_a_return_is_refunded_once_with_its_exact_amount(captured: Service) -> None:
    captured.accept_return("r-1", 1001)
    captured.accept_return("r-1", 1001)

    assert captured.refunds == captured.provider.refunds == {"r-1": 1001}
    event = PaymentRefunded(order_id=captured.order_id, refund_id="r-1", amount=pounds(1001))
    assert captured.published(PaymentRefunded) == [event]


def test_a_refund_waits_for_an_unknown_capture(service: Service) -> None:
    service.provider.timeouts = {"capture": "after"}
    service.capture()

    with pytest.raises(PaymentUnknown):
        service.accept_return()
    assert (service.refunds, service.provider.refunds) == ({}, {})

    service.provider.timeouts = {}
    service.accept_return()
    assert service.refunds == {"r-1": 1000}


@pytest.mark.parametrize("authorized", [True, False])
def test_a_refund_waits_for_the_capture(authorized: bool) -> None:
    service = Service(authorized=authorized)

    with pytest.raises(NotCaptured):
        service.accept_return()

    assert service.provider.refunds == {}


def test_a_refund_without_a_response_is_retried_and_made_once(captured: Service) -> None:
    captured.provider.timeouts = {"refund": "after"}
    with pytest.raises(PaymentUnknown):
        captured.accept_return()

    captured.provider.timeouts = {}
    captured.accept_return()

    assert captured.refunds == captured.provider.refunds == {"r-1": 1000}


def test_refunds_never_exceed_the_captured_amount(captured: Service) -> None:
    captured.accept_return("r-1", TOTAL.amount - 1)

    with pytest.raises(RefundRejected, match="more-than-captured"):
        captured.accept_return("r-2", 2)

    assert captured.refunds == {"r-1": TOTAL.amount - 1}


# --- repeated, late and reordered events

FAULT = st.sampled_from(
    ["", "", "timeouts before", "timeouts after", "kills before", "kills after"]
)
CALL = st.sampled_from(["capture", "void", "refund"])
RETURNS = {"r-1": 1000, "r-2": 493, "r-3": TOTAL.amount - 1493}


def deliver(service: Service, event: str, fault: str, call: str) -> bool:
    """Whether the event was handled; otherwise it is delivered again."""
    if fault:
        faults, moment = fault.split()
        setattr(service.provider, faults, {call: moment})
    try:
        match event:
            case "capture":
                service.capture()
            case "cancelled":
                service.cancel()
            case _:
                service.accept_return(event, RETURNS[event])
    except RETRYABLE:
        return False
    finally:
        service.provider.timeouts, service.provider.kills = {}, {}
    return True


@given(
    st.permutations([*RETURNS, *RETURNS, "capture"]), st.lists(st.tuples(FAULT, CALL), max_size=7)
)
def test_repeated_returns_in_any_order_are_each_refunded_once(
    events: list[str], faults: list[tuple[str, str]]
) -> None:
    service = Service()
    padded_faults = [*faults, *[("", "")] * 7]

    failed = [
        event
        for event, fault in zip(events, padded_faults, strict=False)
        if not deliver(service, event, *fault)
    ]
    service.capture()
    assert all(deliver(service, event, "", "") for event in failed)

    assert service.refunds == service.provider.refunds == RETURNS
    assert service.status is PaymentStatus.REFUNDED
    assert sorted(event.refund_id for event in service.published(PaymentRefunded)) == sorted(
        RETURNS
    )


@given(
    st.permutations(["cancelled", "cancelled", "cancelled", "capture", "capture"]),
    st.lists(st.tuples(FAULT, CALL), max_size=5),
)
def test_a_cancelled_order_keeps_no_money_whenever_the_event_arrives(
    events: list[str], faults: list[tuple[str, str]]
) -> None:
    service = Service()
    padded_faults = [*faults, *[("", "")] * 5]

    for event, fault in zip(events, padded_faults, strict=False):
        deliver(service, event, *fault)
    assert deliver(service, "cancelled", "", "")

    payment = service.payments.get(service.order_id)
    assert payment
    assert not payment.is_unsettled
    assert payment.captured == payment.refunded
    assert payment.captured + payment.voided == payment.authorized == TOTAL.amount
    assert len(service.published(PaymentRefunded)) == (payment.captured > 0)
    assert service.provider.states[f"ref-{service.order_id}"].refunded == payment.refunded
