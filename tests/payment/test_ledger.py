"""Whatever is asked, heard and lost, in any order and doubled: the ledger is the provider's."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from souk.payment import domain, usecases
from souk.payment.domain import PaymentPending, PaymentTaken, PaymentUnknown
from souk.payment.provider import Notice
from tests.payment.builders import TOTAL, a_capture, a_refund, a_standing, a_void, an_authorize
from tests.payment.fakes import FakePayments, FakeProvider, Killed

LUCK = st.sampled_from([None, "silent before", "silent after", "dies before", "dies after"])
CALLS = ("open", "authorize", "capture", "void", "refund", "find")


class Ledger(RuleBasedStateMachine):
    """One order between a workflow that repeats itself and a provider that fails as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.asked = an_authorize()
        self.order_id = self.asked.order_id
        self.reference = f"ref-{self.order_id}"
        self.was_let_go = False
        self.seen: list[Any] = []

    @initialize(slow=st.booleans(), declines=st.booleans())
    def a_provider(self, slow: bool, declines: bool) -> None:
        self.provider.is_slow = slow
        self.provider.decline = "card-declined" if declines else None

    @rule(luck=LUCK, call=st.sampled_from(CALLS))
    def luck_turns(self, luck: str | None, call: str) -> None:
        self.provider.silent, self.provider.dies = {}, {}
        if luck:
            kind, moment = luck.split()
            getattr(self.provider, kind)[call] = moment

    @rule(before=st.booleans(), after=st.integers(1, 3))
    def a_function_will_be_killed(self, before: bool, after: int) -> None:
        name = "dies_before" if before else "dies_after"
        setattr(self.payments, name, self.payments.saves + after)

    @rule()
    def authorize(self) -> None:
        with suppress(PaymentUnknown, PaymentPending, Killed):
            answer = usecases.authorize(self.asked, **self.ports)
            assert not (self.was_let_go and answer.status == "authorized")

    @rule()
    def void(self) -> None:
        with suppress(PaymentUnknown, PaymentPending, PaymentTaken, Killed):
            usecases.void(a_void(self.order_id), **self.ports)
            self.was_let_go = True

    @rule()
    def capture(self) -> None:
        with suppress(PaymentUnknown, Killed):
            answer = usecases.capture(a_capture(self.order_id), **self.ports)
            assert not (self.was_let_go and answer.status == "captured")

    @rule(amount=st.integers(-1, TOTAL.amount + 1), which=st.integers(1, 4))
    def refund(self, amount: int, which: int) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.refund(a_refund(self.order_id, amount, f"r-{which}"), **self.ports)

    @rule()
    def notice(self) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.hear_notice(Notice(self.reference, self.order_id), **self.ports)

    @precondition(lambda self: self.reference in self.provider.books)
    @rule()
    def note_what_the_books_say(self) -> None:
        self.seen.append(self.provider.books[self.reference])

    @precondition(lambda self: self.seen and self.payments.get(self.order_id))
    @rule(data=st.data())
    def an_old_word_comes_late(self, data: st.DataObject) -> None:
        payment = self.payments.get(self.order_id)
        old = data.draw(st.sampled_from(self.seen))
        with suppress(Killed):
            if payment and payment.reference:
                usecases.hear(payment, old, payments=self.payments)

    @precondition(lambda self: self._pending())
    @rule()
    def the_provider_is_done(self) -> None:
        self.provider.settle(self.reference)

    @rule()
    def the_reconciler_comes(self) -> None:
        payment = self.payments.get(self.order_id)
        with suppress(PaymentUnknown, PaymentPending, PaymentTaken, Killed):
            if payment:
                usecases.resolve(payment, **self.ports)

    @invariant()
    def sums_are_those_of_the_entries_and_never_too_much(self) -> None:
        payment = self.payments.get(self.order_id)
        if payment is None:
            return
        sums = {"authorize": 0, "capture": 0, "void": 0, "refund": 0}
        for entry in self.payments.entries(self.order_id):
            sums[entry.kind] += entry.amount.amount
        held = (payment.authorized, payment.captured, payment.voided, payment.refunded)
        assert tuple(sums.values()) == held
        assert 0 <= payment.refunded <= payment.captured <= payment.authorized <= TOTAL.amount
        assert payment.captured + payment.voided in (0, payment.authorized)

    @invariant()
    def the_provider_never_gave_more_than_it_took(self) -> None:
        theirs = self.provider.books.get(self.reference)
        if theirs:
            assert theirs.refunded <= theirs.captured <= TOTAL.amount
        assert self.provider.authorizations <= 1

    @invariant()
    def every_entry_was_said_once(self) -> None:
        money = [fact for fact in self.payments.said if type(fact).__name__ != "PaymentDeclined"]
        assert len(money) == len(self.payments.entries(self.order_id))
        assert len(self.payments.said) - len(money) <= 1

    def teardown(self) -> None:
        """When all is quiet and everybody answers, the books agree."""
        self.provider.silent, self.provider.dies = {}, {}
        self.payments.dies_before = self.payments.dies_after = None
        for _ in range(3):
            if self._pending():
                self.provider.settle(self.reference)
            self.notice()
            self.the_reconciler_comes()
        payment = self.payments.get(self.order_id)
        theirs = self.provider.books.get(self.reference)
        if payment and theirs and payment.reference and theirs.status != "open":
            assert (payment.authorized, payment.captured, payment.refunded) == (
                theirs.authorized,
                theirs.captured,
                theirs.refunded,
            )
        if self.was_let_go:
            assert theirs is None or theirs.status in ("open", "voided", "declined")

    def _pending(self) -> bool:
        theirs = self.provider.books.get(self.reference)
        return theirs is not None and theirs.status == "pending"

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=150, stateful_step_count=25)


AT = "2026-11-24T12:00:00.000Z"
BEGUN = domain.begin("o-1", TOTAL, "ref-o-1", AT)


@pytest.mark.parametrize(
    "words",
    [
        ["pending", "authorized", "captured"],
        ["captured", "authorized", "pending"],
        ["authorized", "captured", "captured", "open"],
    ],
)
def test_a_providers_words_in_any_order_end_the_same(words: list[str]) -> None:
    payment, entries = BEGUN, []
    for word in words:
        payment, some, _ = domain.hear(payment, a_standing(word), AT)
        entries += [entry.key for entry in some]

    assert (payment.status.value, entries) == ("captured", ["authorize", "capture"])


def test_a_declined_payment_has_its_reason_and_no_money() -> None:
    heard = domain.hear(BEGUN, a_standing("declined", reason="insufficient-funds"), AT)

    assert (heard.payment.reason, heard.entries) == ("insufficient-funds", [])


@pytest.mark.parametrize(
    "sums",
    [
        {"authorized": 1, "captured": 2},
        {"authorized": 2, "captured": 1, "voided": 2},
        {"authorized": 2, "captured": 2, "refunds": {"a": 2}, "asked": {"b": 1}},
        {"authorized": -1},
    ],
)
def test_a_ledger_that_cannot_be_is_refused(sums: Any) -> None:
    with pytest.raises(ValueError, match="the payment of o-1"):
        domain.Payment(
            order_id="o-1", status=domain.Status.CAPTURED, amount=TOTAL, began_at=AT, **sums
        )
