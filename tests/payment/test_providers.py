"""What every provider promises: the stand-in of the tests, the sandbox, and Stripe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from souk.kernel.clock import now, stamp
from souk.payment.provider import Provider
from tests.payment.builders import TOTAL, a_wish, pounds
from tests.payment.fakes import FakeProvider

if TYPE_CHECKING:
    from souk.payment.domain import Standing
    from souk.payment.provider import Wish


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
def wish(provider: Provider) -> Wish:
    return a_wish("pm_card_visa" if provider.name == "stripe" else "tok_ok")


def sums(standing: Standing) -> tuple[str, int, int, int]:
    return standing.status, standing.authorized, standing.captured, standing.refunded


@pytest.fixture
def reference(provider: Provider, wish: Wish) -> str:
    return provider.open(wish)


@pytest.fixture
def authorized(provider: Provider, wish: Wish, reference: str) -> str:
    provider.authorize(reference, wish)
    return reference


@pytest.fixture
def captured(provider: Provider, authorized: str) -> str:
    provider.capture(authorized)
    return authorized


def test_made_known_twice_it_is_one_payment_without_money(provider: Provider, wish: Wish) -> None:
    references = {provider.open(wish), provider.open(wish)}

    assert len(references) == 1
    assert sums(provider.find(references.pop())) == ("open", 0, 0, 0)


def test_authorised_twice_it_is_set_aside_once(
    provider: Provider, wish: Wish, reference: str
) -> None:
    standings = [provider.authorize(reference, wish) for _ in range(2)]

    assert {sums(each) for each in standings} == {("authorized", TOTAL.amount, 0, 0)}
    assert standings[0].order_id == wish.order_id
    assert provider.find(reference) == standings[0]


def test_captured_twice_it_is_taken_once(provider: Provider, authorized: str) -> None:
    standings = [provider.capture(authorized) for _ in range(2)]

    assert {sums(each) for each in standings} == {("captured", TOTAL.amount, TOTAL.amount, 0)}
    assert provider.find(authorized) == standings[0]


def test_what_is_not_authorised_is_not_captured(provider: Provider, reference: str) -> None:
    assert provider.capture(reference).captured == 0


def test_let_go_twice_it_is_free_for_good(provider: Provider, wish: Wish, authorized: str) -> None:
    standings = [provider.void(authorized) for _ in range(2)]
    standings.append(provider.authorize(authorized, wish))
    standings.append(provider.capture(authorized))

    assert {sums(each) for each in standings} == {("voided", TOTAL.amount, 0, 0)}


def test_let_go_before_it_was_authorised_it_never_is(
    provider: Provider, wish: Wish, reference: str
) -> None:
    standings = [provider.void(reference), provider.authorize(reference, wish)]

    assert {sums(each) for each in standings} == {("voided", 0, 0, 0)}
    assert sums(provider.find(reference)) == ("voided", 0, 0, 0)


def test_what_was_captured_is_not_let_go(provider: Provider, captured: str) -> None:
    assert sums(provider.void(captured)) == ("captured", TOTAL.amount, TOTAL.amount, 0)


def test_a_refund_is_given_once_and_never_beyond_what_was_captured(
    provider: Provider, captured: str
) -> None:
    given = [
        provider.refund(captured, f"{captured}-1", pounds(4000)),
        provider.refund(captured, f"{captured}-1", pounds(4000)),
        provider.refund(captured, f"{captured}-2", pounds(494)),
        provider.refund(captured, f"{captured}-3", pounds(493)),
    ]

    assert given == [True, True, False, True]
    assert provider.find(captured).refunded == TOTAL.amount


def test_what_is_only_set_aside_is_not_refunded(provider: Provider, authorized: str) -> None:
    assert provider.refund(authorized, f"{authorized}-1", pounds(1)) is False


def test_its_list_shows_what_was_made_known_meanwhile(provider: Provider, captured: str) -> None:
    since, until = (stamp(now() + timedelta(minutes=by)) for by in (-1, 1))

    listed = {each.reference: each for each in provider.list(since, until)}

    assert listed[captured] == provider.find(captured)


def test_let_go_by_one_and_captured_by_another_only_one_is_done(
    provider: Provider, authorized: str
) -> None:
    with ThreadPoolExecutor(2) as callers:
        both = [callers.submit(act, authorized) for act in (provider.void, provider.capture)]

    ended = {each.result().status for each in both}
    assert ended in ({"voided"}, {"captured"})
    assert {provider.find(authorized).status} == ended
