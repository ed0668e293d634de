"""The deployed service: commands, webhooks, reconciler, and no secrets in tables or logs."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from local.shop import RunningShop
from souk.kernel import aws
from souk.kernel.clock import now, timestamp
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from souk.payment.domain import PaymentStatus
from souk.payment.sandbox import COLLECTION, DELAY_SECONDS, Sandbox
from souk.payment.store import PaymentStore
from tests.deployed import FunctionFailed, invoke_command, invoke_function, read_log
from tests.journeys.visitor import wait_until
from tests.payment.builders import a_capture, a_refund, a_void, an_authorize

pytestmark = pytest.mark.cloud


def read_secret(shop: RunningShop) -> str:
    """The webhook secret, read from Secrets Manager."""
    manager = shop.session().client("secretsmanager")
    value = manager.get_secret_value(SecretId=shop.outputs["PaymentSecret"])["SecretString"]
    webhook_secret: str = json.loads(value)["webhook_secret"]
    return webhook_secret


def a_sandbox(shop: RunningShop, secret: str) -> Sandbox:
    return Sandbox(shop.outputs["PaymentTable"], lambda: secret, send_webhook=print)


def post(
    shop: RunningShop, webhook: tuple[bytes, dict[str, str]], provider: str = "sandbox"
) -> Any:
    body, headers = webhook
    url = f"{shop.urls['api']}/payments/webhooks/{provider}"
    return httpx.post(url, content=body, headers=headers)


def status(shop: RunningShop, order_id: str) -> PaymentStatus | None:
    payment = PaymentStore(shop.outputs["PaymentTable"]).get(order_id)
    return payment.status if payment else None


def test_a_payment_is_authorized_captured_and_refunded(shop: RunningShop) -> None:
    command = an_authorize()

    assert invoke_command(shop, "Payment", command)["status"] == "authorized"
    assert invoke_command(shop, "Payment", a_capture(command.order_id))["status"] == "captured"
    assert invoke_command(shop, "Payment", a_refund(command.order_id, 1000))["status"] == "refunded"
    with pytest.raises(FunctionFailed, match="is captured"):
        invoke_command(shop, "Payment", a_void(command.order_id))


@pytest.mark.parametrize(
    ("token", "result"),
    [
        ("tok_ok", {"status": "authorized", "reason": None}),
        ("tok_twice", {"status": "authorized", "reason": None}),
        ("tok_declined", {"status": "declined", "reason": "card-declined"}),
        ("tok_insufficient_funds", {"status": "declined", "reason": "insufficient-funds"}),
    ],
)
def test_a_token_is_authorized_or_declined_at_once(
    shop: RunningShop, token: str, result: object
) -> None:
    assert invoke_command(shop, "Payment", an_authorize(token=token)) == result


@pytest.mark.parametrize("token", ["tok_timeout", "tok_slow", "tok_late", "tok_lost"])
def test_a_delayed_authorization_succeeds_when_the_command_is_repeated(
    shop: RunningShop, token: str
) -> None:
    command = an_authorize(token=token)
    with pytest.raises(FunctionFailed):
        invoke_command(shop, "Payment", command)

    def repeat() -> Any:
        try:
            return invoke_command(shop, "Payment", command)
        except FunctionFailed:
            return None

    assert wait_until("the authorization", repeat)["status"] == "authorized"
    assert invoke_command(shop, "Payment", a_void(command.order_id)) == {"status": "voided"}


def test_a_payment_that_stays_pending_is_voided(shop: RunningShop) -> None:
    command = an_authorize(token="tok_never")
    for _ in range(2):
        with pytest.raises(FunctionFailed):
            invoke_command(shop, "Payment", command)

    assert invoke_command(shop, "Payment", a_void(command.order_id)) == {"status": "voided"}
    assert invoke_command(shop, "Payment", command) == {"status": "voided", "reason": None}


def test_a_repeated_webhook_settles_a_payment_once(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    command = an_authorize(token="tok_slow")
    with pytest.raises(FunctionFailed):
        invoke_command(shop, "Payment", command)
    time.sleep(DELAY_SECONDS + 1)

    webhook = a_sandbox(shop, read_secret(shop)).create_webhook(f"sbx_{command.order_id}")
    responses = [post(shop, webhook) for _ in range(2)]

    assert [(each.status_code, each.json()) for each in responses] == [(200, {"known": True})] * 2
    assert status(shop, command.order_id) is PaymentStatus.AUTHORIZED
    store = PaymentStore(shop.outputs["PaymentTable"])
    assert [entry.key for entry in store.entries(command.order_id)] == ["authorize"]


def test_a_webhook_with_another_secret_is_rejected(shop: RunningShop) -> None:
    response = post(shop, a_sandbox(shop, "guessed").create_webhook(f"sbx_{new_id()}"))

    assert response.status_code == 400
    assert response.json()["type"] == "/problems/bad-signature"
    assert response.headers["content-type"] == "application/problem+json"


def test_a_webhook_about_an_unknown_payment_is_accepted(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    order_id = new_id()

    response = post(shop, a_sandbox(shop, read_secret(shop)).create_webhook(f"sbx_{order_id}"))

    assert (response.status_code, response.json()) == (200, {"known": False})
    assert status(shop, order_id) is None


def test_an_authorization_missing_in_the_ledger_is_dead_lettered(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    table, order_id = shop.outputs["PaymentTable"], new_id()
    created_at, cursor = (timestamp(now() - timedelta(minutes=age)) for age in (7, 8))
    row = {
        "pk": f"SANDBOX#sbx_{order_id}",
        "sk": "PAYMENT",
        "reference": f"sbx_{order_id}",
        "order_id": order_id,
        "status": "authorized",
        "amount": 4493,
        "was_authorized": False,
        "refunds": {},
        "authorized_from": 0,
        "visible_from": 0,
        "version": 1,
        "collection": COLLECTION,
        "at": created_at,
    }
    aws.dynamodb().put_item(TableName=table, Item=to_item(row))
    PaymentStore(table).move_cursor(cursor)

    invoke_function(shop, "PaymentReconciler", {})

    dead_letter = wait_until("the dead letter", lambda: receive_dead_letter(shop))
    assert (dead_letter["order_id"], dead_letter["ledger"]) == (order_id, None)
    assert dead_letter["provider"]["authorized"] == 4493


def receive_dead_letter(shop: RunningShop) -> Any:
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


def test_tokens_and_secrets_are_neither_stored_nor_logged(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    tokens = ["tok_very_private", "tok_twice", "tok_lost"]
    for token in tokens:
        with suppress(FunctionFailed):
            invoke_command(shop, "Payment", an_authorize(token=token))
    post(shop, a_sandbox(shop, read_secret(shop)).create_webhook(f"sbx_{new_id()}"))
    post(shop, a_sandbox(shop, "guessed").create_webhook(f"sbx_{new_id()}"))
    invoke_function(shop, "PaymentReconciler", {})

    logged = wait_until("the log", lambda: read_log(shop, "PaymentCommands")) + read_log(
        shop, "PaymentApi"
    )
    table = aws.dynamodb().scan(TableName=shop.outputs["PaymentTable"])["Items"]

    assert '"command completed"' in logged
    for private in (*tokens, read_secret(shop)):
        assert private not in logged + read_log(shop, "PaymentReconciler")
        assert private not in json.dumps(table)
    assert not re.search(r"\b\d{13,19}\b(?!\.)", re.sub(r'"timestamp".*?,', "", logged))
