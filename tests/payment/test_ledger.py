"""The ledger agrees with the provider after commands, webhooks and faults in any order."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from souk.payment import domain, usecases
from souk.payment.domain import AlreadyCaptured, PaymentPending, PaymentUnknown
from souk.payment.provider import WebhookEvent
from tests.payment.builders import (
    TOTAL,
    a_capture,
    a_provider_state,
    a_refund,
    a_void,
    an_authorize,
)
from tests.payment.fakes import FakePayments, FakeProvider, Killed

FAULTS = st.sampled_from([None, "timeouts before", "timeouts after", "kills before", "kills after"])
CALLS = ("open", "authorize", "capture", "void", "refund", "find")


class Ledger(RuleBasedStateMachine):
    """One order, a workflow that repeats commands, and a provider with random faults."""

    def __init__(self) -> None:
        super().__init__()
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.command = an_authorize()
        self.order_id = self.command.order_id
        self.reference = f"ref-{self.order_id}"
        self.is_voided = False
        self.old_states: list[Any] = []

    @initialize(slow=st.booleans(), declines=st.booleans())
    def start(self, slow: bool, declines: bool) -> None:
        self.provider.is_slow = slow
        self.provider.decline_reason = "card-declined" if declines else None

    @rule(fault=FAULTS, call=st.sampled_from(CALLS))
    def the_fault_changes(self, fault: str | None, call: str) -> None:
        self.provider.timeouts, self.provider.kills = {}, {}
        if fault:
            faults, moment = fault.split()
            getattr(self.provider, faults)[call] = moment

    @rule(before=st.booleans(), after=st.integers(1, 3))
    def a_function_will_be_killed(self, before: bool, after: int) -> None:
        name = "killed_before" if before else "killed_after"
        setattr(self.payments, name, self.payments.save_count + after)

    @rule()
    def authorize(self) -> None:
        with suppress(PaymentUnknown, PaymentPending, Killed):
            result = usecases.authorize(self.command, **self.ports)
            assert not (self.is_voided and result.status == "authorized")

    @rule()
    def void(self) -> None:
        with suppress(PaymentUnknown, PaymentPending, AlreadyCaptured, Killed):
            usecases.void(a_void(self.order_id), **self.ports)
            self.is_voided = True

    @rule()
    def capture(self) -> None:
        with suppress(PaymentUnknown, Killed):
            result = usecases.capture(a_capture(self.order_id), **self.ports)
            assert not (self.is_voided and result.status == "captured")

    @rule(amount=st.integers(-1, TOTAL.amount + 1), number=st.integers(1, 4))
    def refund(self, amount: int, number: int) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.refund(a_refund(self.order_id, amount, f"r-{number}"), **self.ports)

    @rule()
    def a_webhook_arrives(self) -> None:
        with suppress(PaymentUnknown, Killed):
            usecases.apply_webhook(WebhookEvent(self.reference, self.order_id), **self.ports)

    @precondition(lambda self: self.reference in self.provider.states)
    @rule()
    def remember_the_provider_state(self) -> None:
        self.old_states.append(self.provider.states[self.reference])

    @precondition(lambda self: self.old_states and self.payments.get(self.order_id))
    @rule(data=st.data())
    def an_old_state_arrives_late(self, data: st.DataObject) -> None:
        payment = self.payments.get(self.order_id)
        old_state = data.draw(st.sampled_from(self.old_states))
        with suppress(Killed):
            if payment and payment.reference:
                usecases.apply_provider_state(payment, old_state, payments=self.payments)

    @precondition(lambda self: self._is_pending())
    @rule()
    def the_provider_authorizes(self) -> None:
        self.provider.authorize_pending(self.reference)

    @rule()
    def the_reconciler_runs(self) -> None:
        payment = self.payments.get(self.order_id)
        with suppress(PaymentUnknown, PaymentPending, AlreadyCaptured, Killed):
            if payment:
                usecases.resolve(payment, **self.ports)

    @invariant()
    def sums_match_the_entries_and_stay_within_limits(self) -> None:
        payment = self.payments.get(self.order_id)
        if payment is None:
            return
        sums = {"authorize": 0, "capture": 0, "void": 0, "refund": 0}
        for entry in self.payments.entries(self.order_id):
            sums[entry.type] += entry.amount.amount
        payment_sums = (
            payment.authorized,
            payment.captured,
            payment.voided,
            payment.refunded,
        )
        assert tuple(sums.values()) == payment_sums
        assert 0 <= payment.refunded <= payment.captured <= payment.authorized <= TOTAL.amount
        assert payment.captured + payment.voided in (0, payment.authorized)

    @invariant()
    def refunds_at_the_provider_never_exceed_the_capture(self) -> None:
        state = self.provider.states.get(self.reference)
        if state:
            assert state.refunded <= state.captured <= TOTAL.amount
        assert self.provider.authorization_count <= 1

    @invariant()
    def every_entry_is_published_once(self) -> None:
        entry_events = [
            event for event in self.payments.published if type(event).__name__ != "PaymentDeclined"
        ]
        assert len(entry_events) == len(self.payments.entries(self.order_id))
        assert len(self.payments.published) - len(entry_events) <= 1

    def teardown(self) -> None:
        """Without faults, ledger and provider agree in the end."""
        self.provider.timeouts, self.provider.kills = {}, {}
        self.payments.killed_before = self.payments.killed_after = None
        for _ in range(3):
            if self._is_pending():
                self.provider.authorize_pending(self.reference)
            self.a_webhook_arrives()
            self.the_reconciler_runs()
        payment = self.payments.get(self.order_id)
        state = self.provider.states.get(self.reference)
        if payment and state and payment.reference and state.status != "open":
            assert (payment.authorized, payment.captured, payment.refunded) == (
                state.authorized,
                state.captured,
                state.refunded,
            )
        if self.is_voided:
            assert state is None or state.status in ("open", "voided", "declined")

    def _is_pending(self) -> bool:
        state = self.provider.states.get(self.reference)
        return state is not None and state.status == "pending"

    @property
    def ports(self) -> Any:
        return {"payments": self.payments, "provider": self.provider}


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=150, stateful_step_count=25)


AT = "2026-11-24T12:00:00.000Z"
PAYMENT = domain.create_payment("o-1", TOTAL, "ref-o-1", AT)


@pytest.mark.parametrize(
    "statuses",
    [
        ["pending", "authorized", "captured"],
        ["captured", "authorized", "pending"],
        ["authorized", "captured", "captured", "open"],
    ],
)
def test_provider_states_in_any_order_lead_to_the_same_result(statuses: list[str]) -> None:
    payment, entries = PAYMENT, []
    for status in statuses:
        state = a_provider_state(status)
        payment, new_entries, _ = domain.apply_provider_state(payment, state, AT)
        entries += [entry.key for entry in new_entries]

    assert (payment.status.value, entries) == ("captured", ["authorize", "capture"])


def test_a_declined_payment_has_a_reason_and_no_entries() -> None:
    change = domain.apply_provider_state(
        PAYMENT, a_provider_state("declined", reason="insufficient-funds"), AT
    )

    assert (change.payment.reason, change.entries) == ("insufficient-funds", [])


@pytest.mark.parametrize(
    "sums",
    [
        {"authorized": 1, "captured": 2},
        {"authorized": 2, "captured": 1, "voided": 2},
        {"authorized": 2, "captured": 2, "refunds": {"a": 2}, "pending_refunds": {"b": 1}},
        {"authorized": -1},
    ],
)
def test_a_payment_with_inconsistent_sums_is_rejected(sums: Any) -> None:
    with pytest.raises(ValueError, match="the payment of o-1"):
        domain.Payment(
            order_id="o-1",
            status=domain.PaymentStatus.CAPTURED,
            amount=TOTAL,
            created_at=AT,
            **sums,
        )
