"""The route that receives the provider's webhooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from souk.payment import handlers, usecases
from souk.payment.domain import PaymentPending, PaymentStatus
from souk.payment.handlers import PaymentSettings
from souk.runtime import http
from tests.kernel.builders import Response, send_request
from tests.kernel.logs import capture_log
from tests.payment.builders import an_authorize
from tests.payment.fakes import FakePayments, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

call = partial(send_request, http.api_handler(handlers.ROUTES), "POST")
PATH = "/api/payments/webhooks/sandbox"


class Service:
    """Payment with a fake ledger and provider, and one payment."""

    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.command = an_authorize()

    def start_pending_payment(self) -> None:
        """A payment for which the provider needs time."""
        self.provider.is_slow = True
        with pytest.raises(PaymentPending):
            usecases.authorize(self.command, payments=self.payments, provider=self.provider)

    def send_webhook(self, signed: str = "yes", path: str = PATH) -> Response:
        body = {"reference": f"ref-{self.command.order_id}", "order_id": self.command.order_id}
        return call(path, body=msgspec.json.encode(body).decode(), signed=signed)

    @property
    def status(self) -> PaymentStatus | None:
        payment = self.payments.get(self.command.order_id)
        return payment.status if payment else None


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    settings = PaymentSettings(
        table_name="no-table", payment_provider="sandbox", payment_secret="no-secret"
    )
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    monkeypatch.setattr(handlers, "payments", lambda: service.payments)
    monkeypatch.setattr(handlers, "provider", lambda: service.provider)
    return service


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    with capture_log() as lines:
        yield lines


def test_a_repeated_webhook_is_applied_once(service: Service) -> None:
    service.start_pending_payment()
    service.provider.authorize_pending(f"ref-{service.command.order_id}")

    responses = [service.send_webhook(), service.send_webhook()]

    assert [(each.status, each.body) for each in responses] == [(200, {"known": True})] * 2
    assert service.status is PaymentStatus.AUTHORIZED
    assert len(service.payments.published) == 1


def test_a_webhook_with_an_invalid_signature_is_rejected(service: Service) -> None:
    service.start_pending_payment()
    service.provider.authorize_pending(f"ref-{service.command.order_id}")

    response = service.send_webhook(signed="no")

    assert (response.status, response.body["type"]) == (400, "/problems/bad-signature")
    assert service.status is PaymentStatus.PENDING


def test_a_webhook_about_an_unknown_payment_is_accepted_and_logged(
    service: Service, log: list[dict[str, Any]]
) -> None:
    response = service.send_webhook()

    assert (response.status, response.body) == (200, {"known": False})
    assert service.status is None
    assert [line["order_id"] for line in log if line["level"] == "WARNING"] == [
        service.command.order_id
    ]


def test_a_webhook_of_another_provider_is_not_found(service: Service) -> None:
    assert service.send_webhook(path="/api/payments/webhooks/stripe").status == 404


def test_a_webhook_gets_503_while_the_provider_does_not_respond(service: Service) -> None:
    service.start_pending_payment()
    service.provider.timeouts = {"find": "before"}

    response = service.send_webhook()

    assert (response.status, response.body["type"]) == (503, "/problems/provider-not-responding")
    assert "Retry-After" in response.headers


def test_the_signature_is_checked_on_the_bytes_as_received(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []
    monkeypatch.setattr(service.provider, "parse_webhook", lambda body, _: bodies.append(body))

    call(PATH, body='{"a":  "é"}')
    call(PATH, body='{"a":  "é"}'.encode())
    call(PATH)

    assert bodies == ['{"a":  "é"}'.encode()] * 2 + [b""]
