"""Payment's handlers: the provider of the stage, its secret, and failing events."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from souk.kernel import aws
from souk.payment import handlers
from souk.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from souk.payment.handlers import PaymentSettings
from souk.payment.sandbox import Sandbox
from souk.payment.stripe import Stripe
from souk.runtime.consumer import queue_consumer
from tests.kernel.builders import a_record, an_event
from tests.kernel.fakes import FakeQueues
from tests.payment.fakes import FakePayments, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeSecrets:
    """Secrets Manager with one secret."""

    def __init__(self) -> None:
        self.value = '{"api_key": "sk_test_one", "webhook_secret": "whsec_one"}'
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        assert SecretId == "the-secret"
        self.reads += 1
        return {"SecretString": self.value}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSecrets]:
    fake = FakeSecrets()
    monkeypatch.setattr(aws, "secretsmanager", lambda: fake)
    yield fake
    for cached in (handlers._load_secret, handlers._stripe, handlers._sandbox):
        cached.cache_clear()


def set_provider(monkeypatch: pytest.MonkeyPatch, provider: Any) -> None:
    settings = PaymentSettings(
        table_name="no-table", payment_provider=provider, payment_secret="the-secret"
    )
    monkeypatch.setattr(handlers, "settings", lambda: settings)


def test_every_command_has_a_handler() -> None:
    assert set(handlers.COMMANDS) == {AuthorizePayment, VoidPayment, CapturePayment, RefundPayment}


@pytest.mark.parametrize(("receives", "retries", "dead_letters"), [(4, 1, 0), (5, 0, 1)])
def test_a_refund_before_its_capture_is_retried_and_finally_dead_lettered(
    monkeypatch: pytest.MonkeyPatch, receives: int, retries: int, dead_letters: int
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

    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
    event = {"Records": [a_record(message, receives=receives)]}

    response = queue_consumer(handlers.SUBSCRIPTIONS)(event, context)

    assert len(response["batchItemFailures"]) == retries
    reasons = [sent.attributes["Reason"] for sent in queues.sent]
    assert reasons == ["NotCaptured: the payment of x is not captured"] * dead_letters


def test_the_sandbox_starts_without_reading_the_secret(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_provider(monkeypatch, "sandbox")

    assert isinstance(handlers.provider(), Sandbox)
    assert handlers.provider() is handlers.provider()
    assert secrets.reads == 0


def test_the_stripe_secret_is_read_once(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_provider(monkeypatch, "stripe")

    assert isinstance(handlers.provider(), Stripe)
    assert handlers.provider() is handlers.provider()
    assert secrets.reads == 1


def test_a_changed_secret_is_used_after_the_cache_expires(
    secrets: FakeSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_provider(monkeypatch, "stripe")
    before = handlers.provider()
    secrets.value = secrets.value.replace("one", "two")
    assert handlers.provider() is before

    later = time.monotonic() + handlers.SECRET_CACHE_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert handlers.provider() is not before
    assert handlers.secret().api_key == "sk_test_two"


def test_the_stripe_library_is_loaded_only_when_used() -> None:
    code = "import sys; from souk.payment import handlers; print('stripe' in sys.modules)"

    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert process.stdout.strip() == "False"
