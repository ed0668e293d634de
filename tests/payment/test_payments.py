"""Money is set aside once, taken once, let go for good, and never guessed at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import Money
from souk.payment.commands import Authorization, Captured, Refunded
from souk.payment.domain import (
    AlreadyCaptured,
    Payment,
    PaymentPending,
    PaymentUnknown,
    Status,
)
from souk.payment.usecases import authorize, capture, differences, refund, settle, void
from tests.payment.fakes import FakeLedger, FakeProvider, Killed

ORDER = "order-1"
TEN_POUNDS = Money(1000, "GBP")


class Till:
    """A ledger and a provider, and the commands on them."""

    def __init__(self) -> None:
        self.ledger, self.provider = FakeLedger(), FakeProvider()

    def authorize(self) -> Authorization:
        return authorize(ORDER, TEN_POUNDS, "tok", ledger=self.ledger, provider=self.provider)

    def void(self) -> None:
        void(ORDER, ledger=self.ledger, provider=self.provider)

    def settle(self) -> Payment | None:
        return settle(ORDER, ledger=self.ledger, provider=self.provider)

    def capture(self) -> Captured:
        return capture(ORDER, ledger=self.ledger, provider=self.provider)

    def refund(self, refund_id: str = "r-1", amount: int = 400, currency: str = "GBP") -> Refunded:
        given = Money(amount, currency)
        return refund(ORDER, refund_id, given, ledger=self.ledger, provider=self.provider)

    def differences(self) -> list[tuple[str, str]]:
        return list(differences(0, ledger=self.ledger, provider=self.provider))

    @property
    def status(self) -> Status:
        payment = self.ledger.get(ORDER)
        assert payment is not None
        return payment.status

    @property
    def said(self) -> list[str]:
        return [type(fact).__name__ for fact in self.ledger.said]


@pytest.fixture
def till() -> Till:
    return Till()


def test_money_is_set_aside_once_however_often_it_is_asked(till: Till) -> None:
    first, second = till.authorize(), till.authorize()

    assert first == second == Authorization(status="authorized")
    assert till.provider.moved == [("authorize", ORDER)]
    assert till.ledger.sums(ORDER) == {"authorize": 1000}
    assert till.said == ["PaymentAuthorized"]


def test_a_declined_payment_stays_declined_and_says_why(till: Till) -> None:
    till.provider.decides = "declined"

    first, second = till.authorize(), till.authorize()

    assert first == second == Authorization(status="declined", reason="card-declined")
    assert till.said == ["PaymentDeclined"]
    assert till.ledger.sums(ORDER) == {}


def test_a_provider_that_needs_time_is_asked_again_until_it_knows(till: Till) -> None:
    till.provider.decides = "pending"
    for _ in range(2):
        with pytest.raises(PaymentPending):
            till.authorize()

    till.provider.settle(ORDER, "authorized")

    assert till.authorize().status == "authorized"
    assert till.said == ["PaymentAuthorized"]


@pytest.mark.parametrize("accident", ["silent", "deaf"])
def test_a_provider_that_does_not_answer_is_asked_never_guessed_at(
    till: Till, accident: str
) -> None:
    setattr(till.provider, accident, 1)

    with pytest.raises(PaymentUnknown):
        till.authorize()
    assert till.status is Status.ASKED

    assert till.authorize().status == "authorized"
    assert till.provider.moved == [("authorize", ORDER)]


@pytest.mark.parametrize("where", ["killed_before", "killed_after"])
@pytest.mark.parametrize("write", [1, 2])
def test_killed_anywhere_and_repeated_the_result_is_the_same(
    till: Till, where: str, write: int
) -> None:
    setattr(till.ledger, where, write)
    with pytest.raises(Killed):
        till.authorize()

    assert till.authorize().status == "authorized"

    assert till.provider.moved == [("authorize", ORDER)]
    assert till.ledger.sums(ORDER) == {"authorize": 1000}
    assert till.said == ["PaymentAuthorized"]


def test_a_webhook_faster_than_the_answer_does_no_harm(till: Till) -> None:
    till.provider.meanwhile = till.settle

    assert till.authorize().status == "authorized"

    assert till.ledger.sums(ORDER) == {"authorize": 1000}


def test_a_webhook_of_a_payment_nobody_asked_for_changes_nothing(till: Till) -> None:
    assert till.settle() is None

    assert till.ledger.get(ORDER) is None


# --- letting go ------------------------------------------------------------------------------


def test_what_is_let_go_is_let_go_once(till: Till) -> None:
    till.authorize()

    till.void()
    till.void()

    assert till.provider.held(ORDER) == 0
    assert till.ledger.sums(ORDER) == {"authorize": 1000, "void": 1000}
    assert till.said == ["PaymentAuthorized", "PaymentVoided"]


def test_a_payment_let_go_before_it_was_asked_for_sets_nothing_aside(till: Till) -> None:
    till.void()

    assert till.authorize().status == "voided"

    assert till.provider.moved == []
    assert till.said == []


def test_a_payment_let_go_while_it_is_unknown_holds_nothing(till: Till) -> None:
    till.provider.silent = 1
    with pytest.raises(PaymentUnknown):
        till.authorize()

    till.void()

    assert till.provider.held(ORDER) == 0
    assert till.authorize().status == "voided"


def test_a_payment_let_go_between_question_and_answer_holds_nothing(till: Till) -> None:
    till.provider.meanwhile = till.void

    assert till.authorize().status == "voided"

    assert till.provider.held(ORDER) == 0


def test_money_that_turns_up_after_it_was_let_go_is_let_go_by_the_reconciler(till: Till) -> None:
    till.provider.deaf = 1
    with pytest.raises(PaymentUnknown):
        till.authorize()
    till.void()
    till.provider.authorize(ORDER, TEN_POUNDS, "tok")  # the request was only late

    ((order, why),) = till.differences()

    assert (order, "let go" in why) == (ORDER, True)
    assert till.provider.held(ORDER) == 0
    assert till.differences() == []


def test_a_void_the_provider_does_not_answer_is_asked_again(till: Till) -> None:
    till.authorize()
    till.provider.deaf = 1
    with pytest.raises(PaymentUnknown):
        till.void()

    till.void()

    assert till.provider.held(ORDER) == 0
    assert till.said == ["PaymentAuthorized", "PaymentVoided"]


def test_what_is_taken_cannot_be_let_go(till: Till) -> None:
    till.authorize()
    till.capture()

    with pytest.raises(AlreadyCaptured):
        till.void()


# --- taking and giving back --------------------------------------------------------------------


def test_money_is_taken_once(till: Till) -> None:
    till.authorize()

    assert till.capture() == till.capture() == Captured(status="captured")

    assert till.ledger.sums(ORDER) == {"authorize": 1000, "capture": 1000}
    assert till.said == ["PaymentAuthorized", "PaymentCaptured"]


@pytest.mark.parametrize("where", ["killed_before", "killed_after"])
def test_a_capture_killed_and_repeated_is_one(till: Till, where: str) -> None:
    till.authorize()
    setattr(till.ledger, where, 3)
    with pytest.raises(Killed):
        till.capture()

    assert till.capture().status == "captured"
    assert till.provider.moved.count(("captured", ORDER)) == 1
    assert till.ledger.sums(ORDER)["capture"] == 1000


def test_nothing_is_taken_that_is_not_set_aside(till: Till) -> None:
    assert till.capture() == Captured(status="failed", reason="not-authorized")
    till.authorize()
    till.void()

    assert till.capture() == Captured(status="voided")
    assert till.provider.held(ORDER) == 0


def test_money_is_given_back_in_parts_and_never_more_than_was_taken(till: Till) -> None:
    till.authorize()
    till.capture()

    answers = [till.refund("r-1", 400), till.refund("r-1", 400), till.refund("r-2", 601)]

    assert [answer.status for answer in answers] == ["refunded", "refunded", "refused"]
    assert answers[-1].reason == "more-than-captured"
    assert till.provider.refunds == {"r-1": 400}
    assert till.ledger.sums(ORDER)["refund"] == 400
    assert till.refund("r-3", 600).status == "refunded"


@pytest.mark.parametrize(("amount", "currency"), [(0, "GBP"), (-5, "GBP"), (5, "EUR")])
def test_what_is_no_amount_is_not_given_back(till: Till, amount: int, currency: str) -> None:
    till.authorize()
    till.capture()

    assert till.refund("r-1", amount, currency).reason == "not-an-amount"


def test_a_refund_the_provider_did_not_answer_is_asked_again_under_its_key(till: Till) -> None:
    till.authorize()
    till.capture()
    till.provider.silent = 1
    with pytest.raises(PaymentUnknown):
        till.refund("r-1", 400)

    assert till.refund("r-1", 400).status == "refunded"
    assert till.provider.refunds == {"r-1": 400}


def test_nothing_is_given_back_of_what_was_not_taken(till: Till) -> None:
    till.authorize()

    assert till.refund() == Refunded(status="refused", reason="not-captured")


# --- the provider's list beside the ledger ------------------------------------------------------


def test_a_payment_only_the_provider_knows_is_told(till: Till) -> None:
    till.provider.authorize(ORDER, TEN_POUNDS, "tok")

    assert till.differences() == [(ORDER, "the provider has it authorized, the ledger not at all")]


def test_a_payment_the_provider_changed_by_itself_is_told(till: Till) -> None:
    till.authorize()
    till.provider.settle(ORDER, "voided")

    assert till.differences() == [(ORDER, "the provider has it voided, the ledger authorized")]


def test_books_that_agree_are_silent(till: Till) -> None:
    till.authorize()

    assert till.differences() == []


# --- whatever happens ---------------------------------------------------------------------------


def _lose_the_answer(till: Till) -> None:
    till.provider.silent = 1


def _lose_the_question(till: Till) -> None:
    till.provider.deaf = 1


STEPS: list[Callable[[Till], object]] = [
    Till.authorize,
    Till.void,
    Till.settle,
    Till.capture,
    Till.refund,
    Till.differences,
    _lose_the_answer,
    _lose_the_question,
    lambda till: till.refund("r-2", 700),
]


@given(st.lists(st.sampled_from(STEPS), max_size=15), st.sampled_from(["authorized", "pending"]))
def test_in_whatever_order_and_however_often_the_sums_hold(
    steps: list[Callable[[Till], object]], decides: str
) -> None:
    till = Till()
    till.provider.decides = decides

    for step in steps:
        try:
            step(till)
        except (PaymentPending, PaymentUnknown, AlreadyCaptured):
            continue
    till.provider.silent = till.provider.deaf = 0
    for _ in till.differences():
        pass

    payment, sums = till.ledger.get(ORDER), till.ledger.sums(ORDER)
    assert till.provider.moved.count(("authorize", ORDER)) <= 1
    if payment is None:
        assert not till.provider.moved
        return
    assert 0 <= payment.refunded <= payment.captured <= payment.authorized <= 1000
    assert (payment.authorized, payment.voided) == (sums.get("authorize", 0), sums.get("void", 0))
    assert (payment.captured, payment.refunded) == (sums.get("capture", 0), sums.get("refund", 0))
    if payment.status is Status.VOIDED:
        assert till.provider.held(ORDER) == 0


@pytest.mark.parametrize(
    "sums",
    [
        {"authorized": 1001},
        {"captured": 1},
        {"authorized": 1000, "captured": 1000, "refunded": 1001},
        {"authorized": 1000, "captured": 1000, "voided": 1},
        {"refunded": -1},
    ],
)
def test_a_payment_whose_sums_cannot_be_is_none(sums: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Payment(order_id=ORDER, amount=TEN_POUNDS, token="", status=Status.AUTHORIZED, **sums)  # type: ignore[arg-type]  # sums alone
