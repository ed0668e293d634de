"""What was left unsettled goes on by itself, and no difference between the books goes unseen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from souk.kernel.clock import now, stamp
from souk.payment import reconciliation, usecases
from souk.payment.domain import PaymentPending, PaymentUnknown, Standing, Status
from souk.payment.provider import NoAnswer
from souk.payment.reconciliation import AGE, LISTED, Difference, compare, settle
from tests.payment.builders import a_capture, a_void, an_authorize
from tests.payment.fakes import FakePayments, FakeProvider

LATER = now() + AGE + timedelta(hours=3)  # the tests around may take a while


class Room:
    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.told: list[Difference] = []
        self.logged: list[tuple[str, str]] = []
        self.turns = 1000

    def authorize(self) -> str:
        asked = an_authorize()
        usecases.authorize(asked, **self.ports)
        return asked.order_id

    def begin(self, **silent: str) -> str:
        """A payment nobody knows the end of."""
        asked = an_authorize()
        self.provider.silent = silent
        with pytest.raises((PaymentPending, PaymentUnknown)):
            usecases.authorize(asked, **self.ports)
        self.provider.silent = {}
        return asked.order_id

    def settle(self) -> None:
        settle(
            ledger=self.payments,
            provider=self.provider,
            has_time=self.has_time,
            say=lambda _, order_id, **__: self.logged.append((_, order_id)),
        )

    def compare(self) -> list[Difference]:
        compare(
            ledger=self.payments,
            provider=self.provider,
            has_time=self.has_time,
            tell=self.told.append,
        )
        return self.told

    def has_time(self) -> bool:
        self.turns -= 1
        return self.turns >= 0

    def status(self, order_id: str) -> Status:
        payment = self.payments.get(order_id)
        assert payment
        return payment.status

    def theirs(self, order_id: str, **changes: Any) -> Standing:
        """Something happens at the provider that nobody tells us of."""
        return self.provider._now(f"ref-{order_id}", **changes)

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Minutes later."""
    monkeypatch.setattr(reconciliation, "now", lambda: LATER)
    return Room()


def test_an_unknown_is_resolved_by_asking(room: Room) -> None:
    order_id = room.begin(authorize="after")

    room.settle()

    assert room.status(order_id) is Status.AUTHORIZED
    assert room.logged == [("settled", order_id)]


def test_what_the_provider_was_never_asked_stays_for_the_workflow(room: Room) -> None:
    order_id = room.begin(authorize="before")

    room.settle()

    assert room.status(order_id) is Status.UNKNOWN
    assert room.provider.authorizations == 0


def test_a_pending_one_is_recorded_once_it_is_decided(room: Room) -> None:
    room.provider.is_slow = True
    order_id = room.begin()
    room.settle()
    assert room.status(order_id) is Status.PENDING

    room.provider.settle(f"ref-{order_id}")
    room.settle()

    assert room.status(order_id) is Status.AUTHORIZED


def test_what_was_to_be_let_go_is_let_go(room: Room) -> None:
    order_id = room.authorize()
    room.provider.silent = {"void": "before"}
    with pytest.raises(PaymentUnknown):
        usecases.void(a_void(order_id), **room.ports)
    room.settle()
    assert room.status(order_id) is Status.VOIDING

    room.provider.silent = {}
    room.settle()

    assert room.status(order_id) is Status.VOIDED
    assert room.logged == [("still unsettled", order_id), ("settled", order_id)]


def test_what_was_to_be_captured_is_captured(room: Room) -> None:
    order_id = room.authorize()
    room.provider.silent = {"capture": "after"}
    with pytest.raises(PaymentUnknown):
        usecases.capture(a_capture(order_id), **room.ports)

    room.provider.silent = {}
    room.settle()

    assert room.status(order_id) is Status.CAPTURED


def test_a_young_one_is_still_the_workflows(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = room.begin(authorize="after")
    young = now() + AGE / 2
    monkeypatch.setattr(reconciliation, "now", lambda: young)

    room.settle()

    assert room.status(order_id) is Status.UNKNOWN


def test_without_time_the_next_run_goes_on(room: Room) -> None:
    orders = [room.begin(authorize="after") for _ in range(3)]
    room.turns = 2

    room.settle()

    statuses = [room.status(each) for each in orders]
    assert statuses == [Status.AUTHORIZED, Status.AUTHORIZED, Status.UNKNOWN]


def test_books_that_agree_are_not_told(room: Room) -> None:
    room.authorize()
    usecases.capture(a_capture(room.authorize()), **room.ports)
    usecases.void(a_void(room.authorize()), **room.ports)
    room.provider.decline = "card-declined"
    usecases.authorize(an_authorize(), **room.ports)

    assert room.compare() == []
    assert len(room.provider.books) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"authorized": 4492},
        {"refunded": 1, "status": "captured", "captured": 4493},
        {"status": "declined", "authorized": 0},
        {"status": "open", "authorized": 0},
    ],
)
def test_what_the_ledger_cannot_explain_is_told(room: Room, changes: dict[str, Any]) -> None:
    order_id = room.authorize()
    theirs = room.theirs(order_id, **changes)

    (found,) = room.compare()

    assert found.standing == theirs
    assert found.payment
    assert found.payment.order_id == order_id


def test_money_set_aside_for_no_payment_of_ours_is_told(room: Room) -> None:
    theirs = Standing(reference="ref-x", order_id="x", status="authorized", authorized=1)
    room.provider.books["ref-x"] = theirs

    assert room.compare() == [Difference(theirs, None)]


def test_a_payment_without_money_needs_none_of_ours(room: Room) -> None:
    room.provider.books["ref-x"] = Standing(reference="ref-x", order_id="x", status="open")

    assert room.compare() == []


def test_a_second_payment_for_one_order_is_told(room: Room) -> None:
    order_id = room.authorize()
    twice = msgspec.structs.replace(room.provider.books[f"ref-{order_id}"], reference="ref-2")
    room.provider.books["ref-2"] = twice

    (found,) = room.compare()

    assert found.standing.reference == "ref-2"


def test_what_was_missed_is_recorded_and_not_told(room: Room) -> None:
    order_id = room.authorize()
    room.theirs(order_id, status="voided")

    assert room.compare() == []
    assert room.status(order_id) is Status.VOIDED


def test_authorised_after_it_was_let_go_it_is_let_go_again(room: Room) -> None:
    room.provider.is_slow = True
    order_id = room.begin()
    usecases.void(a_void(order_id), **room.ports)
    room.provider.settle(f"ref-{order_id}")

    assert room.compare() == []
    room.settle()

    assert room.provider.books[f"ref-{order_id}"].status == "voided"
    assert [each.key for each in room.payments.entries(order_id)] == ["authorize", "void"]


def test_the_cursor_moves_on_to_what_lists_show_by_then(room: Room) -> None:
    room.compare()

    reached = datetime.fromisoformat(room.payments.cursor() or "")
    assert abs(reached - (LATER - LISTED)) < timedelta(seconds=1)


def test_a_night_asleep_is_made_up_for_step_by_step(room: Room) -> None:
    room.payments.move_cursor(stamp(LATER - LISTED - timedelta(minutes=10)))
    room.turns = 3

    room.compare()
    assert room.provider.calls == ["list"] * 3
    room.turns = 1000
    room.compare()

    assert room.provider.calls == ["list"] * 10


def test_a_list_that_is_not_to_be_had_leaves_the_cursor(room: Room) -> None:
    begun = stamp(LATER - timedelta(minutes=10))
    room.payments.move_cursor(begun)
    room.provider.silent = {"list": "before"}

    with pytest.raises(NoAnswer):
        room.compare()

    assert room.payments.cursor() == begun
