"""The contract of every provider: the fake, the sandbox, and Stripe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from souk.kernel.clock import now, timestamp
from souk.payment.provider import Provider
from tests.payment.builders import TOTAL, an_authorization_request, pounds
from tests.payment.fakes import FakeProvider

if TYPE_CHECKING:
    from souk.payment.domain import ProviderState
    from souk.payment.provider import AuthorizationRequest


@pytest.fixture(
    params=[
        "in memory",
        pytest.param("sandbox", marks=pytest.mark.cloud),
        "stripe",
    ]
)
def provider(request: pytest.FixtureRequest) -> Provider:
    if request.param == "in memory":
        return FakeProvider()
    provider: Provider = request.getfixturevalue(request.param)
    return provider


@pytest.fixture
def authorization_request(provider: Provider) -> AuthorizationRequest:
    return an_authorization_request("pm_card_visa" if provider.name == "stripe" else "tok_ok")


def summary(state: ProviderState) -> tuple[str, int, int, int]:
    return state.status, state.authorized, state.captured, state.refunded


@pytest.fixture
def reference(provider: Provider, authorization_request: AuthorizationRequest) -> str:
    return provider.open(authorization_request)


@pytest.fixture
def authorized(
    provider: Provider, authorization_request: AuthorizationRequest, reference: str
) -> str:
    provider.authorize(reference, authorization_request)
    return reference


@pytest.fixture
def captured(provider: Provider, authorized: str) -> str:
    provider.capture(authorized)
    return authorized


def test_opening_a_payment_twice_creates_one_without_an_authorized_amount(
    provider: Provider, authorization_request: AuthorizationRequest
) -> None:
    references = {provider.open(authorization_request), provider.open(authorization_request)}

    assert len(references) == 1
    assert summary(provider.find(references.pop())) == ("open", 0, 0, 0)


def test_a_repeated_authorization_authorizes_once(
    provider: Provider, authorization_request: AuthorizationRequest, reference: str
) -> None:
    states = [provider.authorize(reference, authorization_request) for _ in range(2)]

    assert {summary(each) for each in states} == {("authorized", TOTAL.amount, 0, 0)}
    assert states[0].order_id == authorization_request.order_id
    assert provider.find(reference) == states[0]


def test_a_repeated_capture_captures_once(provider: Provider, authorized: str) -> None:
    states = [provider.capture(authorized) for _ in range(2)]

    assert {summary(each) for each in states} == {("captured", TOTAL.amount, TOTAL.amount, 0)}
    assert provider.find(authorized) == states[0]


def test_an_open_payment_cannot_be_captured(provider: Provider, reference: str) -> None:
    assert provider.capture(reference).captured == 0


def test_a_voided_payment_stays_voided(
    provider: Provider, authorization_request: AuthorizationRequest, authorized: str
) -> None:
    states = [provider.void(authorized) for _ in range(2)]
    states.append(provider.authorize(authorized, authorization_request))
    states.append(provider.capture(authorized))

    assert {summary(each) for each in states} == {("voided", TOTAL.amount, 0, 0)}


def test_a_payment_voided_before_authorization_is_never_authorized(
    provider: Provider, authorization_request: AuthorizationRequest, reference: str
) -> None:
    states = [provider.void(reference), provider.authorize(reference, authorization_request)]

    assert {summary(each) for each in states} == {("voided", 0, 0, 0)}
    assert summary(provider.find(reference)) == ("voided", 0, 0, 0)


def test_a_captured_payment_cannot_be_voided(provider: Provider, captured: str) -> None:
    assert summary(provider.void(captured)) == ("captured", TOTAL.amount, TOTAL.amount, 0)


def test_a_refund_is_made_once_and_never_exceeds_the_capture(
    provider: Provider, captured: str
) -> None:
    results = [
        provider.refund(captured, f"{captured}-1", pounds(4000)),
        provider.refund(captured, f"{captured}-1", pounds(4000)),
        provider.refund(captured, f"{captured}-2", pounds(494)),
        provider.refund(captured, f"{captured}-3", pounds(493)),
    ]

    assert results == [True, True, False, True]
    assert provider.find(captured).refunded == TOTAL.amount


def test_an_uncaptured_payment_cannot_be_refunded(provider: Provider, authorized: str) -> None:
    assert provider.refund(authorized, f"{authorized}-1", pounds(1)) is False


def test_the_list_contains_payments_created_in_its_time(provider: Provider, captured: str) -> None:
    since, until = (timestamp(now() + timedelta(minutes=minutes)) for minutes in (-1, 1))

    listed = {state.reference: state for state in provider.list(since, until)}

    assert listed[captured] == provider.find(captured)


def test_of_a_concurrent_void_and_capture_one_takes_effect(
    provider: Provider, authorized: str
) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call, authorized) for call in (provider.void, provider.capture)]

    statuses = {call.result().status for call in calls}
    assert statuses in ({"voided"}, {"captured"})
    assert {provider.find(authorized).status} == statuses
