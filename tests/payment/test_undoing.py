"""Cancelled orders and returns: money goes back once, however they are heard."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.payment import usecases
from souk.payment.commands import Authorization
from souk.payment.domain import PaymentPending, PaymentUnknown, RefundRefused, Status
from souk.payment.events import PaymentRefunded, PaymentVoided
from souk.payment.undoing import CANCELLATION, NotCaptured, undo_cancelled, undo_returned
from tests.payment.builders import TOTAL, a_capture, an_authorize, pounds
from tests.payment.fakes import FakePayments, FakeProvider, Killed

NOT_YET = (PaymentUnknown, PaymentPending, NotCaptured, Killed)


class Room:
    """One order's money, set aside; and what payment hears of the order."""

    def __init__(self, *, authorized: bool = True) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.asked = an_authorize()
        self.order_id = self.asked.order_id
        if authorized:
            self.authorize()

    def authorize(self) -> Authorization:
        return usecases.authorize(self.asked, **self.ports)

    def capture(self) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.capture(a_capture(self.order_id), **self.ports)

    def cancelled(self) -> None:
        undo_cancelled(self.order_id, **self.ports)

    def returned(self, return_id: str = "r-1", amount: int = 1000) -> None:
        undo_returned(self.order_id, return_id, pounds(amount), **self.ports)

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}

    @property
    def status(self) -> Status:
        payment = self.payments.get(self.order_id)
        assert payment
        return payment.status

    @property
    def refunds(self) -> dict[str, int]:
        return {
            each.key.removeprefix("refund#"): each.amount.amount
            for each in self.payments.entries(self.order_id)
            if each.kind == "refund"
        }

    def said(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.payments.said if isinstance(fact, kind)]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def captured(room: Room) -> Room:
    room.capture()
    return room


# --- cancelled


def test_a_cancelled_orders_money_is_let_go_once(room: Room) -> None:
    room.cancelled()
    room.cancelled()

    assert room.status is Status.VOIDED
    assert room.said(PaymentVoided) == [PaymentVoided(order_id=room.order_id, amount=TOTAL)]
    assert room.refunds == {}


def test_money_captured_before_the_cancellation_is_given_back_whole_and_once(
    captured: Room,
) -> None:
    captured.cancelled()
    captured.cancelled()

    assert captured.status is Status.REFUNDED
    assert captured.refunds == captured.provider.given == {CANCELLATION: TOTAL.amount}
    assert len(captured.said(PaymentRefunded)) == 1


def test_a_cancellation_gives_back_only_what_was_not_given_back_before(captured: Room) -> None:
    captured.returned("r-1", 1000)

    captured.cancelled()
    captured.cancelled()

    assert captured.refunds == {"r-1": 1000, CANCELLATION: TOTAL.amount - 1000}


def test_an_order_cancelled_before_anything_was_set_aside_never_has_money_set_aside() -> None:
    room = Room(authorized=False)

    room.cancelled()

    assert room.authorize().status == "voided"
    assert room.provider.authorizations == 0


def test_a_cancellation_while_the_capture_is_unknown_waits_and_then_refunds(room: Room) -> None:
    room.provider.silent = {"capture": "after"}
    room.capture()
    with pytest.raises(PaymentUnknown):
        room.cancelled()
    assert (room.status, room.refunds) == (Status.CAPTURING, {})

    room.provider.silent = {}
    room.cancelled()

    assert room.refunds == {CANCELLATION: TOTAL.amount}


def test_a_cancellation_after_a_capture_that_was_refused_lets_go(room: Room) -> None:
    room.provider.silent = {"capture": "before"}
    room.capture()
    reference = f"ref-{room.order_id}"
    room.provider._now(reference, status="voided")  # the bank let go of it

    room.provider.silent = {}
    for _ in range(2):
        with suppress(NotCaptured):
            room.cancelled()

    assert (room.status, room.refunds) == (Status.VOIDED, {})


# --- what comes back


def test_a_return_is_refunded_once_to_the_penny(captured: Room) -> None:
    captured.returned("r-1", 1001)
    captured.returned("r-1", 1001)

    assert captured.refunds == captured.provider.given == {"r-1": 1001}
    said = PaymentRefunded(order_id=captured.order_id, refund_id="r-1", amount=pounds(1001))
    assert captured.said(PaymentRefunded) == [said]


def test_a_refund_while_the_capture_is_unknown_waits(room: Room) -> None:
    room.provider.silent = {"capture": "after"}
    room.capture()

    with pytest.raises(PaymentUnknown):
        room.returned()
    assert (room.refunds, room.provider.given) == ({}, {})

    room.provider.silent = {}
    room.returned()
    assert room.refunds == {"r-1": 1000}


@pytest.mark.parametrize("authorized", [True, False])
def test_a_refund_before_the_capture_waits(authorized: bool) -> None:
    room = Room(authorized=authorized)

    with pytest.raises(NotCaptured):
        room.returned()

    assert room.provider.given == {}


def test_a_refund_the_provider_does_not_answer_waits_and_is_given_once(captured: Room) -> None:
    captured.provider.silent = {"refund": "after"}
    with pytest.raises(PaymentUnknown):
        captured.returned()

    captured.provider.silent = {}
    captured.returned()

    assert captured.refunds == captured.provider.given == {"r-1": 1000}


def test_more_than_was_captured_is_never_given_back(captured: Room) -> None:
    captured.returned("r-1", TOTAL.amount - 1)

    with pytest.raises(RefundRefused, match="more-than-captured"):
        captured.returned("r-2", 2)

    assert captured.refunds == {"r-1": TOTAL.amount - 1}


# --- doubled, late, reordered

LUCK = st.sampled_from(["", "", "silent before", "silent after", "dies before", "dies after"])
CALL = st.sampled_from(["capture", "void", "refund"])
RETURNS = {"r-1": 1000, "r-2": 493, "r-3": TOTAL.amount - 1493}


def happens(room: Room, what: str, luck: str, call: str) -> bool:
    """Whether it is over with: what was not is delivered again."""
    if luck:
        kind, moment = luck.split()
        setattr(room.provider, kind, {call: moment})
    try:
        match what:
            case "capture":
                room.capture()
            case "cancelled":
                room.cancelled()
            case _:
                room.returned(what, RETURNS[what])
    except NOT_YET:
        return False
    finally:
        room.provider.silent, room.provider.dies = {}, {}
    return True


@given(
    st.permutations([*RETURNS, *RETURNS, "capture"]), st.lists(st.tuples(LUCK, CALL), max_size=7)
)
def test_returns_heard_in_any_order_and_twice_are_each_refunded_once(
    order: list[str], luck: list[tuple[str, str]]
) -> None:
    room = Room()
    bad = [*luck, *[("", "")] * 7]

    again = [what for what, how in zip(order, bad, strict=False) if not happens(room, what, *how)]
    room.capture()
    assert all(happens(room, what, "", "") for what in again)

    assert room.refunds == room.provider.given == RETURNS
    assert room.status is Status.REFUNDED
    assert sorted(fact.refund_id for fact in room.said(PaymentRefunded)) == sorted(RETURNS)


@given(
    st.permutations(["cancelled", "cancelled", "cancelled", "capture", "capture"]),
    st.lists(st.tuples(LUCK, CALL), max_size=5),
)
def test_of_a_cancelled_order_no_money_is_kept_whenever_it_is_heard(
    order: list[str], luck: list[tuple[str, str]]
) -> None:
    room = Room()
    bad = [*luck, *[("", "")] * 5]

    for what, how in zip(order, bad, strict=False):
        happens(room, what, *how)
    assert happens(room, "cancelled", "", "")

    payment = room.payments.get(room.order_id)
    assert payment
    assert not payment.unsettled
    assert payment.captured == payment.refunded
    assert payment.captured + payment.voided == payment.authorized == TOTAL.amount
    assert len(room.said(PaymentRefunded)) == (payment.captured > 0)
    assert room.provider.books[f"ref-{room.order_id}"].refunded == payment.refunded
