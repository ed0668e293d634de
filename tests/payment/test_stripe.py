"""Stripe through its SDK, against localstripe with the behavior that Stripe documents."""

from __future__ import annotations

import hashlib
import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from stripe import AuthenticationError

from souk.kernel.ids import new_id
from souk.payment import stripe as module
from souk.payment import usecases
from souk.payment.domain import PaymentStatus, PaymentUnknown, ProviderState
from souk.payment.provider import (
    BadSignature,
    PaymentTokenRejected,
    ProviderUnavailable,
    WebhookEvent,
)
from souk.payment.stripe import Stripe
from tests.payment.builders import (
    TOTAL,
    a_capture,
    a_void,
    an_authorization_request,
    an_authorize,
    pounds,
)
from tests.payment.fakes import FakePayments
from tests.payment.stripe_process import API_KEY, VISA, WEBHOOK_SECRET, StripeServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DECLINED_AT_CONFIRM = "pm_card_chargeCustomerFail"


def authorize(stripe: Stripe) -> str:
    request = an_authorization_request(VISA)
    reference = stripe.open(request)
    stripe.authorize(reference, request)
    return reference


def test_a_declined_card_has_a_reason(stripe: Stripe) -> None:
    request = an_authorization_request(DECLINED_AT_CONFIRM)
    reference = stripe.open(request)

    states = [stripe.authorize(reference, request) for _ in range(2)]

    assert {(each.status, each.reason, each.authorized) for each in states} == {
        ("declined", "card-declined", 0)
    }
    assert (stripe.void(reference).status, stripe.find(reference).authorized) == ("voided", 0)


def test_a_refund_that_failed_later_counts_as_rejected(stripe_server: StripeServer) -> None:
    reference = authorize(stripe_server.stripe)
    stripe_server.stripe.capture(reference)
    stripe_server.stripe.refund(reference, "r-1", pounds(1))
    (refund,) = stripe_server.stripe._client.v1.refunds.list({"payment_intent": reference}).data

    httpx.post(
        f"{stripe_server.address}/v1/refunds/{refund.id}",
        auth=(API_KEY, ""),
        data={"status": "failed"},
    )

    assert stripe_server.stripe.refund(reference, "r-1", pounds(1)) is False


def test_an_unknown_token_is_rejected_when_the_payment_is_opened(stripe: Stripe) -> None:
    with pytest.raises(PaymentTokenRejected, match="token-rejected"):
        stripe.open(an_authorization_request("pm_unheard_of"))


def test_every_changing_request_has_an_idempotency_key(stripe_server: StripeServer) -> None:
    before = len(stripe_server.requests())
    request = an_authorization_request(VISA)
    reference = stripe_server.stripe.open(request)
    stripe_server.stripe.authorize(reference, request)
    stripe_server.stripe.capture(reference)
    stripe_server.stripe.refund(reference, "refund-of-" + reference, pounds(1))
    stripe_server.stripe.void(reference)

    posts = [each for each in stripe_server.requests()[before:] if each["method"] == "POST"]

    assert len(posts) == 5
    assert all(each["key"].startswith("souk-") for each in posts)
    assert posts[0]["key"] == f"souk-open-{request.order_id}"
    assert posts[3]["key"] == f"souk-refund-refund-of-{reference}"
    assert len({each["key"] for each in posts}) == 5


@pytest.mark.parametrize("fault", ["500", "429", "409", "cut before", "cut after"])
@pytest.mark.parametrize("call", ["confirm", "capture", "cancel"])
def test_a_stripe_failure_is_reported_as_unavailable(
    stripe_server: StripeServer, call: str, fault: str
) -> None:
    request = an_authorization_request(VISA)
    reference = stripe_server.stripe.open(request)
    if call != "confirm":
        stripe_server.stripe.authorize(reference, request)
    stripe_server.set_faults(**{call: fault})

    calls: dict[str, Callable[[], ProviderState]] = {
        "confirm": lambda: stripe_server.stripe.authorize(reference, request),
        "capture": lambda: stripe_server.stripe.capture(reference),
        "cancel": lambda: stripe_server.stripe.void(reference),
    }
    with pytest.raises(ProviderUnavailable):
        calls[call]()


def test_a_failure_that_stripe_repeats_is_overcome_in_the_next_hour(
    stripe_server: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = authorize(stripe_server.stripe)
    stripe_server.set_faults(cancel="500")
    with pytest.raises(ProviderUnavailable):
        stripe_server.stripe.void(reference)
    stripe_server.set_faults()
    with pytest.raises(ProviderUnavailable):
        stripe_server.stripe.void(reference)

    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)

    assert stripe_server.stripe.void(reference).status == "voided"


def test_a_slow_stripe_is_unavailable_before_the_function_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 3 * (module.CONNECT_TIMEOUT_SECONDS + module.READ_TIMEOUT_SECONDS) < 30 - 5
    monkeypatch.setattr(module, "READ_TIMEOUT_SECONDS", 0.2)
    with HTTPServer(("127.0.0.1", 0), _UnusedHandler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        started = time.monotonic()

        with pytest.raises(ProviderUnavailable):
            Stripe(API_KEY, WEBHOOK_SECRET, address).find("pi_1")

        assert time.monotonic() - started < 2


class _UnusedHandler(BaseHTTPRequestHandler):
    """Never called: the server listens, but serves no request."""


@pytest.mark.parametrize("fault", ["cut before", "cut after", "500"])
def test_an_unknown_payment_at_stripe_is_resolved(stripe_server: StripeServer, fault: str) -> None:
    payments, command = FakePayments(), an_authorize(token=VISA)
    ports: Any = {"payments": payments, "provider": stripe_server.stripe}
    stripe_server.set_faults(confirm=fault)
    with pytest.raises(PaymentUnknown):
        usecases.authorize(command, **ports)
    stripe_server.set_faults()

    if fault == "500":  # Stripe repeats the failure, so the payment can only be voided
        with pytest.raises(PaymentUnknown):
            usecases.authorize(command, **ports)
    else:
        assert usecases.authorize(command, **ports).status == "authorized"

    usecases.void(a_void(command.order_id), **ports)
    payment = payments.get(command.order_id)
    assert payment
    assert payment.status is PaymentStatus.VOIDED
    assert payment.authorized == payment.voided
    assert stripe_server.stripe.find(payment.reference or "").status == "voided"


def test_a_payment_is_authorized_and_captured_at_stripe(stripe: Stripe) -> None:
    payments, command = FakePayments(), an_authorize(token=VISA)
    ports: Any = {"payments": payments, "provider": stripe}

    usecases.authorize(command, **ports)
    usecases.capture(a_capture(command.order_id), **ports)
    usecases.capture(a_capture(command.order_id), **ports)

    assert [entry.key for entry in payments.entries(command.order_id)] == ["authorize", "capture"]


def test_a_rejected_token_declines_the_payment_which_can_be_voided(stripe: Stripe) -> None:
    payments, command = FakePayments(), an_authorize(token="pm_unheard_of")
    ports: Any = {"payments": payments, "provider": stripe}

    results = [usecases.authorize(command, **ports) for _ in range(2)]
    usecases.void(a_void(command.order_id), **ports)

    assert {(each.status, each.reason) for each in results} == {("declined", "token-rejected")}
    assert len(payments.published) == 1


def test_a_payment_that_needs_customer_action_is_declined(stripe: Stripe) -> None:
    """The storefront has no page for the action, so the payment stays unauthorized."""
    method = stripe._client.v1.payment_methods.create(
        {
            "type": "card",
            "card": {
                "number": "4000002500003155",
                "exp_month": 12,
                "exp_year": 2030,
                "cvc": "123",
            },
        }
    )
    request = an_authorization_request(method.id)
    reference = stripe.open(request)

    state = stripe.authorize(reference, request)

    assert (state.status, state.reason) == ("declined", "authentication-required")


def test_payments_of_other_origin_are_not_listed(stripe: Stripe) -> None:
    params: Any = {"amount": 1, "currency": "gbp", "payment_method": VISA}
    stripe._client.v1.payment_intents.create(params)
    reference = authorize(stripe)

    listed = list(stripe.list("2026-01-01T00:00:00.000Z", "2036-01-01T00:00:00.000Z"))

    assert reference in {each.reference for each in listed}
    assert all(each.order_id for each in listed)


def test_a_list_of_several_pages_is_read_completely(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = {stripe.open(an_authorization_request(VISA)) for _ in range(101)}

    listed = list(stripe.list("2026-01-01T00:00:00.000Z", "2036-01-01T00:00:00.000Z"))

    assert references <= {each.reference for each in listed}
    assert len(listed) == len({each.reference for each in listed})


def test_a_list_contains_only_payments_of_its_time(stripe: Stripe) -> None:
    authorize(stripe)

    assert list(stripe.list("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")) == []


# --- webhooks ---------------------------------------------------------------------------------


class WebhookServer(HTTPServer):
    """Receives webhooks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebhookHandler)
        self.received: Queue[tuple[bytes, dict[str, str]]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def first(self) -> tuple[bytes, dict[str, str]]:
        return self.received.get(timeout=10)


class _WebhookHandler(BaseHTTPRequestHandler):
    server: WebhookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.put((body, headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keeps the test output quiet."""


@pytest.fixture
def webhook_server() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def signed_webhook(
    resource: dict[str, Any], secret: str = WEBHOOK_SECRET
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an event, in the format and with the signature that Stripe documents."""
    event = {"id": "evt_1", "object": "event", "type": "any", "data": {"object": resource}}
    body, signed_at = msgspec.json.encode(event), str(int(time.time()))
    digest = hmac.new(secret.encode(), signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={signed_at},v1={digest}"}


def test_a_webhook_signed_by_localstripe_is_accepted(
    stripe_server: StripeServer, webhook_server: WebhookServer
) -> None:
    """localstripe sends none about payments, but signatures are checked for all topics."""
    stripe_server.register_webhook(webhook_server.url)

    stripe_server.stripe._client.v1.customers.create({"description": "nobody"})

    body, headers = webhook_server.first()
    assert b"customer.created" in body
    assert stripe_server.stripe.parse_webhook(body, headers) is None
    with pytest.raises(BadSignature):
        stripe_server.stripe.parse_webhook(body.replace(b"nobody", b"anybody"), headers)


def test_a_webhook_about_a_payment_intent_identifies_the_payment(stripe: Stripe) -> None:
    resource = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": "o-1"}}

    assert stripe.parse_webhook(*signed_webhook(resource)) == WebhookEvent("pi_1", "o-1")


def test_a_webhook_about_a_charge_identifies_its_payment(stripe: Stripe) -> None:
    reference = authorize(stripe)
    charge = {"id": "ch_1", "object": "charge", "payment_intent": reference}

    webhook = stripe.parse_webhook(*signed_webhook(charge))

    assert webhook == WebhookEvent(reference, stripe.find(reference).order_id)


@pytest.mark.parametrize(
    "resource",
    [
        {"id": "pi_1", "object": "payment_intent", "metadata": {}},
        {"id": "ch_1", "object": "charge", "payment_intent": None},
        {"id": "cus_1", "object": "customer"},
    ],
)
def test_a_webhook_about_another_topic_identifies_no_payment(stripe: Stripe, resource: Any) -> None:
    assert stripe.parse_webhook(*signed_webhook(resource)) is None


def test_a_webhook_without_the_shops_signature_is_rejected(stripe: Stripe) -> None:
    resource = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": new_id()}}
    body, headers = signed_webhook(resource)

    for webhook in (
        signed_webhook(resource, "whsec_of_somebody"),
        (body + b" ", headers),
        (body, {}),
        (b"\xff", headers),
        (b"no json", headers),
    ):
        with pytest.raises(BadSignature):
            stripe.parse_webhook(*webhook)


def test_a_wrong_api_key_is_not_reported_as_unavailable(stripe_server: StripeServer) -> None:
    misconfigured = Stripe("pk_no_secret_key", WEBHOOK_SECRET, stripe_server.address)

    with pytest.raises(AuthenticationError) as error:
        misconfigured.find("pi_1")

    assert "pk_no_secret_key" not in str(error.value)


def test_a_voided_payment_shows_whether_it_had_been_authorized(stripe: Stripe) -> None:
    authorized = authorize(stripe)
    opened = stripe.open(an_authorization_request(VISA))

    voided = [stripe.void(each) for each in (authorized, opened)]

    assert [each.authorized for each in voided] == [TOTAL.amount, 0]
    assert {type(each) for each in voided} == {ProviderState}
