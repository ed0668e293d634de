"""One order's money is set aside, taken, let go and given back once, whatever happens between."""

from __future__ import annotations

from typing import Any

import pytest

from souk.payment import events, usecases
from souk.payment.commands import Authorization, Captured, Refunded, Voided
from souk.payment.domain import PaymentPending, PaymentTaken, PaymentUnknown, Status
from souk.payment.provider import Notice
from tests.payment.builders import TOTAL, a_capture, a_refund, a_void, an_authorize, pounds
from tests.payment.fakes import FakePayments, FakeProvider, Killed

AUTHORIZED = Authorization(status="authorized")


class Room:
    """The use cases beside a ledger and a provider in memory, about one order."""

    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.asked = an_authorize()
        self.order_id = self.asked.order_id

    def authorize(self) -> Authorization:
        return usecases.authorize(self.asked, **self.ports)

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

    def notice(self) -> bool:
        return usecases.hear_notice(Notice(f"ref-{self.order_id}", self.order_id), **self.ports)

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}

    @property
    def status(self) -> Status:
        payment = self.payments.get(self.order_id)
        assert payment
        return payment.status

    @property
    def ledger(self) -> list[tuple[str, int]]:
        return [(each.key, each.amount.amount) for each in self.payments.entries(self.order_id)]

    @property
    def set_aside(self) -> int:
        """What the provider holds, not taken and not let go."""
        held = self.provider.books.get(f"ref-{self.order_id}")
        return held.authorized if held and held.status == "authorized" else 0


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def authorized(room: Room) -> Room:
    room.authorize()
    return room


@pytest.fixture
def captured(authorized: Room) -> Room:
    authorized.capture()
    return authorized


# --- authorise --------------------------------------------------------------------------------


def test_money_is_set_aside_recorded_and_said(room: Room) -> None:
    answer = room.authorize()

    assert answer == AUTHORIZED
    assert room.ledger == [("authorize", 4493)]
    assert room.payments.said == [
        events.PaymentAuthorized(order_id=room.order_id, amount=TOTAL),
    ]


def test_asked_again_the_provider_is_not(authorized: Room) -> None:
    before = list(authorized.provider.calls)

    assert authorized.authorize() == AUTHORIZED
    assert authorized.provider.calls == before


def test_a_decline_is_answered_the_same_again(room: Room) -> None:
    room.provider.decline = "insufficient-funds"

    answers = [room.authorize(), room.authorize()]

    assert answers == [Authorization(status="declined", reason="insufficient-funds")] * 2
    assert room.ledger == []
    assert room.payments.said == [
        events.PaymentDeclined(order_id=room.order_id, reason="insufficient-funds")
    ]


def test_a_provider_that_needs_time_is_asked_again(room: Room) -> None:
    room.provider.is_slow = True
    with pytest.raises(PaymentPending):
        room.authorize()
    with pytest.raises(PaymentPending):
        room.authorize()
    assert room.status is Status.PENDING

    room.provider.settle(f"ref-{room.order_id}")

    assert room.authorize() == AUTHORIZED
    assert room.ledger == [("authorize", 4493)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["open", "authorize"])
def test_no_answer_is_an_unknown_resolved_by_asking(room: Room, call: str, moment: str) -> None:
    room.provider.silent = {call: moment}
    with pytest.raises(PaymentUnknown):
        room.authorize()
    assert room.ledger == []

    room.provider.silent = {}

    assert room.authorize() == AUTHORIZED
    assert room.ledger == [("authorize", 4493)]
    assert room.provider.authorizations == 1


def test_what_may_have_been_done_is_asked_about_and_not_asked_for(room: Room) -> None:
    room.provider.silent = {"authorize": "after"}
    with pytest.raises(PaymentUnknown):
        room.authorize()
    room.provider.silent = {}

    room.authorize()

    assert room.provider.calls == ["open", "authorize", "find"]


def test_a_provider_that_stays_silent_leaves_an_unknown(room: Room) -> None:
    room.provider.silent = {"authorize": "before"}

    for _ in range(3):
        with pytest.raises(PaymentUnknown):
            room.authorize()

    assert room.status is Status.UNKNOWN


PLACES = [
    ("the provider is told of it", lambda room: room.provider.dies.update(open="before")),
    ("it was told of it", lambda room: room.provider.dies.update(open="after")),
    ("the intent is kept", lambda room: setattr(room.payments, "dies_before", 1)),
    ("the intent was kept", lambda room: setattr(room.payments, "dies_after", 1)),
    ("it is authorised", lambda room: room.provider.dies.update(authorize="before")),
    ("it was authorised", lambda room: room.provider.dies.update(authorize="after")),
    ("it is recorded", lambda room: setattr(room.payments, "dies_before", 2)),
    ("it was recorded", lambda room: setattr(room.payments, "dies_after", 2)),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_killed_and_repeated_anywhere_it_is_authorised_once(room: Room, place: Any) -> None:
    _, kill = place
    kill(room)
    with pytest.raises(Killed):
        room.authorize()

    room.provider.dies = {}

    assert room.authorize() == AUTHORIZED
    assert room.provider.authorizations == 1
    assert room.ledger == [("authorize", 4493)]
    assert room.payments.said == [events.PaymentAuthorized(order_id=room.order_id, amount=TOTAL)]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_killed_anywhere_and_then_let_go_nothing_stays_set_aside(room: Room, place: Any) -> None:
    _, kill = place
    kill(room)
    with pytest.raises(Killed):
        room.authorize()

    room.provider.dies = {}

    assert room.void() == Voided()
    assert room.authorize() == Authorization(status="voided")
    assert room.set_aside == 0


@pytest.mark.parametrize("call", ["open", "authorize"])
def test_asked_again_while_the_provider_answers_it_is_authorised_once(
    room: Room, call: str
) -> None:
    answers: list[Authorization] = []
    room.provider.meanwhile = {call: lambda: answers.append(room.authorize())}

    answers.append(room.authorize())

    assert answers == [AUTHORIZED, AUTHORIZED]
    assert room.provider.authorizations == 1
    assert room.ledger == [("authorize", 4493)]


def test_a_notice_faster_than_the_answer_is_recorded_once(room: Room) -> None:
    room.provider.meanwhile = {"authorize": lambda: [room.notice(), room.notice()]}

    assert room.authorize() == AUTHORIZED
    assert room.ledger == [("authorize", 4493)]
    assert len(room.payments.said) == 1


def test_a_notice_makes_up_for_an_answer_that_never_comes(room: Room) -> None:
    room.provider.meanwhile = {"authorize": room.notice}
    room.provider.silent = {"authorize": "after"}

    assert room.authorize() == AUTHORIZED


# --- let go -----------------------------------------------------------------------------------


def test_let_go_the_money_is_free_again(authorized: Room) -> None:
    assert [authorized.void(), authorized.void()] == [Voided(), Voided()]

    assert authorized.set_aside == 0
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]
    assert authorized.payments.said[1:] == [
        events.PaymentVoided(order_id=authorized.order_id, amount=TOTAL)
    ]


def test_let_go_before_it_was_asked_for_it_is_never_authorised(room: Room) -> None:
    room.void()

    assert room.authorize() == Authorization(status="voided")
    assert room.provider.calls == []
    assert room.ledger == []


def test_let_go_while_the_provider_makes_it_known_it_is_never_authorised(room: Room) -> None:
    room.provider.meanwhile = {"open": room.void}

    assert room.authorize() == Authorization(status="voided")
    assert room.provider.authorizations == 0


def test_let_go_while_the_provider_authorises_nothing_stays_set_aside(room: Room) -> None:
    room.provider.meanwhile = {"authorize": room.void}

    assert room.authorize() == Authorization(status="voided")
    assert room.set_aside == 0
    assert room.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_declined_payment_let_go_is_not_asked_for_again(room: Room) -> None:
    room.provider.decline = "card-declined"
    room.authorize()
    room.void()
    room.provider.decline = None

    assert room.authorize() == Authorization(status="voided")
    assert room.payments.said[1:] == []


def test_an_unknown_let_go_is_set_aside_nowhere(room: Room) -> None:
    room.provider.silent = {"authorize": "after"}
    with pytest.raises(PaymentUnknown):
        room.authorize()
    assert room.set_aside

    room.void()

    assert room.set_aside == 0
    assert room.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_pending_one_let_go_is_not_authorised_later(room: Room) -> None:
    room.provider.is_slow = True
    with pytest.raises(PaymentPending):
        room.authorize()

    room.void()
    room.provider.is_slow = False

    assert room.authorize() == Authorization(status="voided")
    assert (room.set_aside, room.provider.authorizations) == (0, 0)


def test_letting_go_is_decided_even_if_the_provider_is_silent(authorized: Room) -> None:
    authorized.provider.silent = {"void": "before"}
    with pytest.raises(PaymentUnknown):
        authorized.void()

    assert authorized.authorize() == Authorization(status="voided")
    assert authorized.capture() == Captured(status="voided")
    authorized.provider.silent = {}
    authorized.resolve()

    assert authorized.status is Status.VOIDED
    assert authorized.set_aside == 0


def test_authorised_after_all_it_is_let_go_again(room: Room) -> None:
    """A provider that sets money aside although it said it would not."""
    room.provider.is_slow = True
    with pytest.raises(PaymentPending):
        room.authorize()
    room.void()

    room.provider.settle(f"ref-{room.order_id}")
    room.notice()
    assert room.status is Status.VOIDING
    room.resolve()

    assert room.set_aside == 0
    assert room.ledger == [("authorize", 4493), ("void", 4493)]


def test_what_was_captured_is_not_let_go(captured: Room) -> None:
    with pytest.raises(PaymentTaken):
        captured.void()

    assert captured.status is Status.CAPTURED


# --- capture ----------------------------------------------------------------------------------


def test_captured_twice_is_captured_once(authorized: Room) -> None:
    answers = [authorized.capture(), authorized.capture()]

    assert answers == [Captured(status="captured")] * 2
    assert authorized.ledger == [("authorize", 4493), ("capture", 4493)]
    assert authorized.payments.said[1:] == [
        events.PaymentCaptured(order_id=authorized.order_id, amount=TOTAL)
    ]


def test_what_was_let_go_is_not_captured(authorized: Room) -> None:
    authorized.void()

    assert authorized.capture() == Captured(status="voided")
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]


def test_what_was_never_authorised_is_not_captured(room: Room) -> None:
    assert room.capture() == Captured(status="failed", reason="never-authorized")


def test_what_is_not_authorised_yet_is_not_captured(room: Room) -> None:
    room.provider.is_slow = True
    with pytest.raises(PaymentPending):
        room.authorize()

    assert room.capture() == Captured(status="failed", reason="still-pending")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_capture_without_answer_is_finished_by_asking(authorized: Room, moment: str) -> None:
    authorized.provider.silent = {"capture": moment}
    with pytest.raises(PaymentUnknown):
        authorized.capture()
    with pytest.raises(PaymentTaken):
        authorized.void()

    authorized.provider.silent = {}
    authorized.resolve()

    assert authorized.capture() == Captured(status="captured")
    assert authorized.ledger == [("authorize", 4493), ("capture", 4493)]


def test_an_authorisation_that_expired_at_the_provider_is_told(authorized: Room) -> None:
    authorized.provider._void(f"ref-{authorized.order_id}")

    assert authorized.capture() == Captured(status="voided")
    assert authorized.ledger == [("authorize", 4493), ("void", 4493)]


def test_a_capture_the_provider_will_not_make_is_told_and_can_be_let_go(
    authorized: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = authorized.provider.books[f"ref-{authorized.order_id}"]
    monkeypatch.setattr(authorized.provider, "capture", lambda _: held)

    assert authorized.capture() == Captured(status="failed", reason="still-authorized")
    assert authorized.void() == Voided()


# --- refund -----------------------------------------------------------------------------------


def test_refunds_add_up_to_what_was_captured_and_no_more(captured: Room) -> None:
    answers = [
        captured.refund(4000, "r-1"),
        captured.refund(494, "r-2"),
        captured.refund(493, "r-3"),
        captured.refund(1, "r-4"),
    ]

    refused = Refunded(status="refused", reason="more-than-captured")
    assert answers == [
        Refunded(status="refunded"),
        refused,
        Refunded(status="refunded"),
        refused,
    ]
    assert captured.ledger[2:] == [("refund#r-1", 4000), ("refund#r-3", 493)]
    assert captured.status is Status.REFUNDED


def test_a_refund_asked_twice_is_given_once(captured: Room) -> None:
    answers = [captured.refund(1000), captured.refund(1000)]

    assert answers == [Refunded(status="refunded")] * 2
    assert captured.provider.given == {"refund-1": 1000}
    assert captured.payments.said[2:] == [
        events.PaymentRefunded(
            order_id=captured.order_id, refund_id="refund-1", amount=pounds(1000)
        )
    ]


def test_a_refund_asked_for_again_while_the_provider_answers_is_recorded_once(
    captured: Room,
) -> None:
    answers: list[Refunded] = []
    captured.provider.meanwhile = {"refund": lambda: answers.append(captured.refund(1000))}

    answers.append(captured.refund(1000))

    assert answers == [Refunded(status="refunded")] * 2
    assert captured.ledger[2:] == [("refund#refund-1", 1000)]


def test_a_refund_id_with_another_amount_is_refused(captured: Room) -> None:
    captured.refund(1000)

    assert captured.refund(999) == Refunded(status="refused", reason="another-amount")


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_not_refunded(captured: Room, amount: int) -> None:
    assert captured.refund(amount) == Refunded(status="refused", reason="unfit-amount")


@pytest.mark.parametrize("begin", [lambda _: None, Room.authorize])
def test_what_was_not_captured_is_not_refunded(room: Room, begin: Any) -> None:
    begin(room)

    assert room.refund(1) == Refunded(status="refused", reason="not-captured")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_refund_without_answer_keeps_its_amount_until_it_is_known(
    captured: Room, moment: str
) -> None:
    captured.provider.silent = {"refund": moment}
    with pytest.raises(PaymentUnknown):
        captured.refund(4000, "r-1")
    assert captured.refund(494, "r-2").reason == "more-than-captured"

    captured.provider.silent = {}
    captured.resolve()

    assert captured.refund(4000, "r-1") == Refunded(status="refunded")
    assert captured.provider.given == {"r-1": 4000}


def test_a_refund_the_provider_will_not_give_frees_its_amount(captured: Room) -> None:
    captured.provider._refund(f"ref-{captured.order_id}", "by-hand", 4000)

    assert captured.refund(1000, "r-1") == Refunded(status="refused", reason="provider-refused")
    assert captured.refund(493, "r-2") == Refunded(status="refunded")


# --- notices ----------------------------------------------------------------------------------


def test_a_notice_before_its_payment_exists_is_no_ones(room: Room) -> None:
    assert room.notice() is False
    assert room.provider.calls == []

    assert room.authorize() == AUTHORIZED


def test_a_notice_under_another_reference_changes_nothing(authorized: Room) -> None:
    stranger = Notice("ref-of-another", authorized.order_id)

    assert usecases.hear_notice(stranger, **authorized.ports) is False


def test_old_notices_change_nothing(captured: Room) -> None:
    said = list(captured.payments.said)

    assert captured.notice()
    assert captured.notice()

    assert captured.payments.said == said
    assert captured.status is Status.CAPTURED


def test_a_notice_nobody_can_explain_is_asked_for_again(authorized: Room) -> None:
    authorized.provider.silent = {"find": "before"}

    with pytest.raises(PaymentUnknown):
        authorized.notice()
