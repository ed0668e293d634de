"""Which provider is asked, and with which secret."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from souk.edges.consumer import consumer
from souk.kernel import aws
from souk.payment import handlers
from souk.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from souk.payment.handlers import PaymentSettings
from souk.payment.sandbox import Sandbox
from souk.payment.stripe import Stripe
from tests.kernel.builders import a_record, an_event
from tests.kernel.fakes import FakeQueues
from tests.payment.fakes import FakePayments, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeSecrets:
    """Secrets Manager with one secret in it."""

    def __init__(self) -> None:
        self.kept = '{"api_key": "sk_test_one", "webhook_secret": "whsec_one"}'
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        assert SecretId == "the-secret"
        self.reads += 1
        return {"SecretString": self.kept}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSecrets]:
    fake = FakeSecrets()
    monkeypatch.setattr(aws, "secretsmanager", lambda: fake)
    yield fake
    for cached in (handlers._secret, handlers._stripe, handlers._sandbox):
        cached.cache_clear()


def stage(monkeypatch: pytest.MonkeyPatch, provider: Any) -> None:
    known = PaymentSettings(
        table_name="nowhere", payment_provider=provider, payment_secret="the-secret"
    )
    monkeypatch.setattr(handlers, "settings", lambda: known)


def test_every_command_is_answered() -> None:
    assert set(handlers.DOES) == {AuthorizePayment, VoidPayment, CapturePayment, RefundPayment}


@pytest.mark.parametrize(("receives", "again", "letters"), [(4, 1, 0), (5, 0, 1)])
def test_a_refund_before_its_capture_comes_again_and_in_the_end_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch, receives: int, again: int, letters: int
) -> None:
    queues = FakeQueues()
    monkeypatch.setattr(aws, "sqs", lambda: queues)
    monkeypatch.setenv("QUEUE_URL", "the-queue")
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "the-dead-letters")
    monkeypatch.setattr(handlers, "payments", FakePayments)
    monkeypatch.setattr(handlers, "provider", FakeProvider)
    names = dict.fromkeys(("order_id", "owner", "contact_id", "return_id", "accepted_at"), "x")
    money = {"amount": 100, "currency": "GBP"}
    message = an_event("ReturnAccepted", **names, lines=[], refund=money)

    clock: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
    event = {"Records": [a_record(message, receives=receives)]}

    answer = consumer(handlers.HEARS)(event, clock)

    assert len(answer["batchItemFailures"]) == again
    reasons = [sent.attributes["Reason"] for sent in queues.sent]
    assert reasons == ["NotCaptured: the money of x is not captured"] * letters


def test_the_sandbox_needs_no_secret_to_be_there(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(monkeypatch, "sandbox")

    assert isinstance(handlers.provider(), Sandbox)
    assert handlers.provider() is handlers.provider()
    assert secrets.reads == 0


def test_stripe_is_asked_with_the_secret_that_is_kept(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(monkeypatch, "stripe")

    assert isinstance(handlers.provider(), Stripe)
    assert handlers.provider() is handlers.provider()
    assert secrets.reads == 1


def test_a_secret_changed_by_hand_is_used_some_minutes_later(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(monkeypatch, "stripe")
    before = handlers.provider()
    secrets.kept = secrets.kept.replace("one", "two")
    assert handlers.provider() is before

    later = time.monotonic() + handlers.KEPT_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert handlers.provider() is not before
    assert handlers.secret().api_key == "sk_test_two"


def test_stripes_library_is_loaded_only_where_it_is_used() -> None:
    code = "import sys; from souk.payment import handlers; print('stripe' in sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "False"
