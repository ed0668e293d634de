"""Stripe through its own SDK, against localstripe on loopback and behaviour Stripe documents."""

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
from souk.payment.domain import PaymentUnknown, Standing, Status
from souk.payment.provider import BadSignature, NoAnswer, Notice, TokenRefused
from souk.payment.stripe import Stripe
from tests.payment.builders import TOTAL, a_capture, a_void, a_wish, an_authorize, pounds
from tests.payment.fakes import FakePayments
from tests.payment.stripes import API_KEY, VISA, WEBHOOK_SECRET, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DECLINED_LATER = "pm_card_chargeCustomerFail"


def authorized(stripe: Stripe) -> str:
    wish = a_wish(VISA)
    reference = stripe.open(wish)
    stripe.authorize(reference, wish)
    return reference


def test_a_card_that_is_declined_says_why(stripe: Stripe) -> None:
    wish = a_wish(DECLINED_LATER)
    reference = stripe.open(wish)

    standings = [stripe.authorize(reference, wish) for _ in range(2)]

    assert {(each.status, each.reason, each.authorized) for each in standings} == {
        ("declined", "card-declined", 0)
    }
    assert (stripe.void(reference).status, stripe.find(reference).authorized) == ("voided", 0)


def test_a_refund_that_failed_later_is_told_as_one_that_is_not_given(stand_in: StandIn) -> None:
    reference = authorized(stand_in.stripe)
    stand_in.stripe.capture(reference)
    stand_in.stripe.refund(reference, "r-1", pounds(1))
    (given,) = stand_in.stripe._client.v1.refunds.list({"payment_intent": reference}).data

    httpx.post(
        f"{stand_in.address}/v1/refunds/{given.id}", auth=(API_KEY, ""), data={"status": "failed"}
    )

    assert stand_in.stripe.refund(reference, "r-1", pounds(1)) is False


def test_a_token_stripe_does_not_know_is_refused_at_the_door(stripe: Stripe) -> None:
    with pytest.raises(TokenRefused, match="token-refused"):
        stripe.open(a_wish("pm_unheard_of"))


def test_every_request_that_changes_something_carries_our_key(stand_in: StandIn) -> None:
    before = len(stand_in.seen())
    wish = a_wish(VISA)
    reference = stand_in.stripe.open(wish)
    stand_in.stripe.authorize(reference, wish)
    stand_in.stripe.capture(reference)
    stand_in.stripe.refund(reference, "refund-of-" + reference, pounds(1))
    stand_in.stripe.void(reference)

    posts = [each for each in stand_in.seen()[before:] if each["method"] == "POST"]

    assert len(posts) == 5
    assert all(each["key"].startswith("souk-") for each in posts)
    assert posts[0]["key"] == f"souk-open-{wish.order_id}"
    assert posts[3]["key"] == f"souk-refund-refund-of-{reference}"
    assert len({each["key"] for each in posts}) == 5


@pytest.mark.parametrize("fault", ["500", "429", "409", "cut before", "cut after"])
@pytest.mark.parametrize("call", ["confirm", "capture", "cancel"])
def test_a_failure_of_stripes_own_is_no_answer(stand_in: StandIn, call: str, fault: str) -> None:
    wish = a_wish(VISA)
    reference = stand_in.stripe.open(wish)
    if call != "confirm":
        stand_in.stripe.authorize(reference, wish)
    stand_in.fail(**{call: fault})

    asked: dict[str, Callable[[], Standing]] = {
        "confirm": lambda: stand_in.stripe.authorize(reference, wish),
        "capture": lambda: stand_in.stripe.capture(reference),
        "cancel": lambda: stand_in.stripe.void(reference),
    }
    with pytest.raises(NoAnswer):
        asked[call]()


def test_a_failure_stripe_repeats_for_a_day_is_got_over_in_the_next_hour(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = authorized(stand_in.stripe)
    stand_in.fail(cancel="500")
    with pytest.raises(NoAnswer):
        stand_in.stripe.void(reference)
    stand_in.fail()
    with pytest.raises(NoAnswer):
        stand_in.stripe.void(reference)

    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)

    assert stand_in.stripe.void(reference).status == "voided"


def test_a_slow_stripe_is_no_answer_well_before_the_functions_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 3 * (module.CONNECT_SECONDS + module.READ_SECONDS) < 30 - 5
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    with HTTPServer(("127.0.0.1", 0), _Deaf) as deaf:
        address = f"http://127.0.0.1:{deaf.server_address[1]}"
        began = time.monotonic()

        with pytest.raises(NoAnswer):
            Stripe(API_KEY, WEBHOOK_SECRET, address).find("pi_1")

        assert time.monotonic() - began < 2


class _Deaf(BaseHTTPRequestHandler):
    """Never even asked to answer: the server does not serve."""


@pytest.mark.parametrize("fault", ["cut before", "cut after", "500"])
def test_an_unknown_at_stripe_is_resolved_by_asking(stand_in: StandIn, fault: str) -> None:
    payments, asked = FakePayments(), an_authorize(token=VISA)
    ports: Any = {"payments": payments, "provider": stand_in.stripe}
    stand_in.fail(confirm=fault)
    with pytest.raises(PaymentUnknown):
        usecases.authorize(asked, **ports)
    stand_in.fail()

    if fault == "500":  # repeated by Stripe, so nothing is to be had but to let go
        with pytest.raises(PaymentUnknown):
            usecases.authorize(asked, **ports)
    else:
        assert usecases.authorize(asked, **ports).status == "authorized"

    usecases.void(a_void(asked.order_id), **ports)
    payment = payments.get(asked.order_id)
    assert payment
    assert payment.status is Status.VOIDED
    assert payment.authorized == payment.voided
    assert stand_in.stripe.find(payment.reference or "").status == "voided"


def test_an_order_at_stripe_goes_all_its_ways(stripe: Stripe) -> None:
    payments, asked = FakePayments(), an_authorize(token=VISA)
    ports: Any = {"payments": payments, "provider": stripe}

    usecases.authorize(asked, **ports)
    usecases.capture(a_capture(asked.order_id), **ports)
    usecases.capture(a_capture(asked.order_id), **ports)

    assert [entry.key for entry in payments.entries(asked.order_id)] == ["authorize", "capture"]


def test_a_refused_token_is_a_decline_that_can_be_let_go(stripe: Stripe) -> None:
    payments, asked = FakePayments(), an_authorize(token="pm_unheard_of")
    ports: Any = {"payments": payments, "provider": stripe}

    answers = [usecases.authorize(asked, **ports) for _ in range(2)]
    usecases.void(a_void(asked.order_id), **ports)

    assert {(each.status, each.reason) for each in answers} == {("declined", "token-refused")}
    assert len(payments.said) == 1


def test_a_customer_who_would_have_to_act_is_declined(stripe: Stripe) -> None:
    """There is no page for it: the payment stays without money."""
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
    wish = a_wish(method.id)
    reference = stripe.open(wish)

    standing = stripe.authorize(reference, wish)

    assert (standing.status, standing.reason) == ("declined", "authentication-required")


def test_payments_that_are_none_of_the_shops_are_not_listed(stripe: Stripe) -> None:
    params: Any = {"amount": 1, "currency": "gbp", "payment_method": VISA}
    stripe._client.v1.payment_intents.create(params)
    mine = authorized(stripe)

    listed = list(stripe.list("2026-01-01T00:00:00.000Z", "2036-01-01T00:00:00.000Z"))

    assert mine in {each.reference for each in listed}
    assert all(each.order_id for each in listed)


def test_a_long_list_is_read_to_its_end(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {stripe.open(a_wish(VISA)) for _ in range(101)}

    listed = list(stripe.list("2026-01-01T00:00:00.000Z", "2036-01-01T00:00:00.000Z"))

    assert mine <= {each.reference for each in listed}
    assert len(listed) == len({each.reference for each in listed})


def test_a_list_is_of_its_time_only(stripe: Stripe) -> None:
    authorized(stripe)

    assert list(stripe.list("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")) == []


# --- notices ----------------------------------------------------------------------------------


class Mailbox(HTTPServer):
    """A place Stripe can send notices to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Clerk)
        self.taken: Queue[tuple[bytes, dict[str, str]]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def first(self) -> tuple[bytes, dict[str, str]]:
        return self.taken.get(timeout=10)


class _Clerk(BaseHTTPRequestHandler):
    server: Mailbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.taken.put((body, headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        Thread(target=mailbox.serve_forever, daemon=True).start()
        yield mailbox
        mailbox.shutdown()


def signed(thing: dict[str, Any], secret: str = WEBHOOK_SECRET) -> tuple[bytes, dict[str, str]]:
    """An event as Stripe documents and signs it."""
    event = {"id": "evt_1", "object": "event", "type": "any", "data": {"object": thing}}
    body, moment = msgspec.json.encode(event), str(int(time.time()))
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={moment},v1={digest}"}


def test_a_notice_localstripe_signs_is_taken_for_one(stand_in: StandIn, mailbox: Mailbox) -> None:
    """It sends none about payments; of others the signature is checked all the same."""
    stand_in.notify(mailbox.url)

    stand_in.stripe._client.v1.customers.create({"description": "nobody"})

    body, headers = mailbox.first()
    assert b"customer.created" in body
    assert stand_in.stripe.read_notice(body, headers) is None
    with pytest.raises(BadSignature):
        stand_in.stripe.read_notice(body.replace(b"nobody", b"anybody"), headers)


def test_a_notice_about_a_payment_names_it(stripe: Stripe) -> None:
    thing = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": "o-1"}}

    assert stripe.read_notice(*signed(thing)) == Notice("pi_1", "o-1")


def test_a_notice_about_a_charge_names_its_payment(stripe: Stripe) -> None:
    reference = authorized(stripe)
    charge = {"id": "ch_1", "object": "charge", "payment_intent": reference}

    heard = stripe.read_notice(*signed(charge))

    assert heard == Notice(reference, stripe.find(reference).order_id)


@pytest.mark.parametrize(
    "thing",
    [
        {"id": "pi_1", "object": "payment_intent", "metadata": {}},
        {"id": "ch_1", "object": "charge", "payment_intent": None},
        {"id": "cus_1", "object": "customer"},
    ],
)
def test_a_notice_about_something_else_is_no_payments(stripe: Stripe, thing: Any) -> None:
    assert stripe.read_notice(*signed(thing)) is None


def test_a_notice_that_is_not_signed_with_the_shops_secret_is_refused(stripe: Stripe) -> None:
    thing = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": new_id()}}
    body, headers = signed(thing)

    for refused in (
        signed(thing, "whsec_of_somebody"),
        (body + b" ", headers),
        (body, {}),
        (b"\xff", headers),
        (b"no json", headers),
    ):
        with pytest.raises(BadSignature):
            stripe.read_notice(*refused)


def test_a_wrong_key_is_our_mistake_and_not_told_as_no_answer(stand_in: StandIn) -> None:
    stranger = Stripe("pk_no_secret_key", WEBHOOK_SECRET, stand_in.address)

    with pytest.raises(AuthenticationError) as refused:
        stranger.find("pi_1")

    assert "pk_no_secret_key" not in str(refused.value)


def test_a_cancelled_payment_tells_whether_money_had_been_set_aside(stripe: Stripe) -> None:
    asked = authorized(stripe)
    unasked = stripe.open(a_wish(VISA))

    voided = [stripe.void(each) for each in (asked, unasked)]

    assert [each.authorized for each in voided] == [TOTAL.amount, 0]
    assert {type(each) for each in voided} == {Standing}
