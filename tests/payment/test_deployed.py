"""The deployed room: its commands, its webhook, its clock, and what it never writes down."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from local.shop import Running
from souk.kernel import aws
from souk.kernel.clock import now, stamp
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from souk.payment.domain import Status
from souk.payment.sandbox import BOOK, SECONDS, Sandbox
from souk.payment.store import PaymentStore
from tests.deployed import AskedInVain, ask, invoke, log
from tests.journeys.visitor import until
from tests.payment.builders import a_capture, a_refund, a_void, an_authorize

pytestmark = pytest.mark.cloud


def secret(shop: Running) -> str:
    """Read as its owner would."""
    manager = shop.session().client("secretsmanager")
    kept = manager.get_secret_value(SecretId=shop.outputs["PaymentSecret"])["SecretString"]
    made: str = json.loads(kept)["webhook_secret"]
    return made


def sandbox(shop: Running, key: str) -> Sandbox:
    return Sandbox(shop.outputs["PaymentTable"], lambda: key, tell=print)


def post(shop: Running, notice: tuple[bytes, dict[str, str]], to: str = "sandbox") -> Any:
    body, headers = notice
    url = f"{shop.urls['api']}/payments/webhooks/{to}"
    return httpx.post(url, content=body, headers=headers)


def status(shop: Running, order_id: str) -> Status | None:
    payment = PaymentStore(shop.outputs["PaymentTable"]).get(order_id)
    return payment.status if payment else None


def test_an_orders_money_goes_all_its_ways(shop: Running) -> None:
    asked = an_authorize()

    assert ask(shop, "Payment", asked)["status"] == "authorized"
    assert ask(shop, "Payment", a_capture(asked.order_id))["status"] == "captured"
    assert ask(shop, "Payment", a_refund(asked.order_id, 1000))["status"] == "refunded"
    with pytest.raises(AskedInVain, match="is captured"):
        ask(shop, "Payment", a_void(asked.order_id))


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("tok_ok", {"status": "authorized", "reason": None}),
        ("tok_twice", {"status": "authorized", "reason": None}),
        ("tok_declined", {"status": "declined", "reason": "card-declined"}),
        ("tok_insufficient_funds", {"status": "declined", "reason": "insufficient-funds"}),
    ],
)
def test_a_token_is_answered_at_once(shop: Running, token: str, answer: object) -> None:
    assert ask(shop, "Payment", an_authorize(token=token)) == answer


@pytest.mark.parametrize("token", ["tok_timeout", "tok_slow", "tok_late", "tok_lost"])
def test_a_token_that_takes_time_is_authorised_by_asking_again(shop: Running, token: str) -> None:
    asked = an_authorize(token=token)
    with pytest.raises(AskedInVain):
        ask(shop, "Payment", asked)

    def again() -> Any:
        try:
            return ask(shop, "Payment", asked)
        except AskedInVain:
            return None

    assert until("the answer", again)["status"] == "authorized"
    assert ask(shop, "Payment", a_void(asked.order_id)) == {"status": "voided"}


def test_a_token_that_is_never_answered_is_let_go(shop: Running) -> None:
    asked = an_authorize(token="tok_never")
    for _ in range(2):
        with pytest.raises(AskedInVain):
            ask(shop, "Payment", asked)

    assert ask(shop, "Payment", a_void(asked.order_id)) == {"status": "voided"}
    assert ask(shop, "Payment", asked) == {"status": "voided", "reason": None}


def test_a_signed_notice_settles_a_payment_and_twice_is_once(
    shop: Running, in_function: Running
) -> None:
    asked = an_authorize(token="tok_slow")
    with pytest.raises(AskedInVain):
        ask(shop, "Payment", asked)
    time.sleep(SECONDS + 1)

    notice = sandbox(shop, secret(shop)).notice(f"sbx_{asked.order_id}")
    answers = [post(shop, notice) for _ in range(2)]

    assert [(each.status_code, each.json()) for each in answers] == [(200, {"known": True})] * 2
    assert status(shop, asked.order_id) is Status.AUTHORIZED
    store = PaymentStore(shop.outputs["PaymentTable"])
    assert [entry.key for entry in store.entries(asked.order_id)] == ["authorize"]


def test_a_notice_signed_by_a_stranger_is_refused(shop: Running) -> None:
    refused = post(shop, sandbox(shop, "guessed").notice(f"sbx_{new_id()}"))

    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/bad-signature"
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_notice_of_no_payment_is_taken_without_harm(shop: Running, in_function: Running) -> None:
    order_id = new_id()

    taken = post(shop, sandbox(shop, secret(shop)).notice(f"sbx_{order_id}"))

    assert (taken.status_code, taken.json()) == (200, {"known": False})
    assert status(shop, order_id) is None


def test_money_nobody_asked_for_is_a_letter_with_its_ids(
    shop: Running, in_function: Running
) -> None:
    table, order_id = shop.outputs["PaymentTable"], new_id()
    seven, eight = (stamp(now() - timedelta(minutes=by)) for by in (7, 8))
    row = {
        "pk": f"SANDBOX#sbx_{order_id}",
        "sk": "PAYMENT",
        "reference": f"sbx_{order_id}",
        "order_id": order_id,
        "status": "authorized",
        "amount": 4493,
        "was_authorized": False,
        "refunds": {},
        "settles_at": 0,
        "shows_at": 0,
        "version": 1,
        "book": BOOK,
        "at": seven,
    }
    aws.dynamodb().put_item(TableName=table, Item=to_item(row))
    PaymentStore(table).move_cursor(eight)

    invoke(shop, "PaymentReconciler", {})

    letter = until("the letter", lambda: take_letter(shop))
    assert (letter["order_id"], letter["ledger"]) == (order_id, None)
    assert letter["provider"]["authorized"] == 4493


def take_letter(shop: Running) -> Any:
    sqs = shop.session().client("sqs")
    (url,) = (
        url
        for url in sqs.list_queues()["QueueUrls"]
        if "PaymentReconcilerFailed" in url.rsplit("/", 1)[1]
    )
    for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])
    return None


def test_no_token_and_no_secret_is_ever_written_down(shop: Running, in_function: Running) -> None:
    tokens = ["tok_very_private", "tok_twice", "tok_lost"]
    for token in tokens:
        with suppress(AskedInVain):
            ask(shop, "Payment", an_authorize(token=token))
    post(shop, sandbox(shop, secret(shop)).notice(f"sbx_{new_id()}"))
    post(shop, sandbox(shop, "guessed").notice(f"sbx_{new_id()}"))
    invoke(shop, "PaymentReconciler", {})

    written = until("the log", lambda: log(shop, "PaymentCommands")) + log(shop, "PaymentApi")
    table = aws.dynamodb().scan(TableName=shop.outputs["PaymentTable"])["Items"]

    assert '"done"' in written
    for private in (*tokens, secret(shop)):
        assert private not in written + log(shop, "PaymentReconciler")
        assert private not in json.dumps(table)
    assert not re.search(r"\b\d{13,19}\b(?!\.)", re.sub(r'"timestamp".*?,', "", written))
