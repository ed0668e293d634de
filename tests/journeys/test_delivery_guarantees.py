"""Guarantees G4 and G6: every event is delivered, and an unreadable message is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.shop import RunningShop, Shop
from souk.basket.events import BasketCheckedOut, OrderLine
from souk.kernel import dynamo, outbox
from souk.kernel.clock import now, timestamp
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from souk.kernel.money import Money
from souk.runtime import relay
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


def test_a_poison_message_in_a_batch_does_not_affect_the_other_messages(shop: RunningShop) -> None:
    owners = [f"guest-{new_id()}" for _ in range(9)]
    contact = _create_contact(shop)
    bodies = [json.dumps(_event(_checked_out(owner, contact))) for owner in owners]
    poison = json.dumps({"detail-type": "BasketCheckedOut", "detail": {"poison": new_id()}})
    sqs = shop.session().client("sqs")
    queue, dead_letter_queue = _queue(sqs, "OrderingQueue"), _queue(sqs, "OrderingDeadLetters")

    sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": str(number), "MessageBody": body}
            for number, body in enumerate([*bodies[:4], poison, *bodies[4:]])
        ],
    )

    wait_until("nine orders", lambda: all(len(_orders_of(shop, owner)) == 1 for owner in owners))
    dead_letter = wait_until(
        "the dead letter", lambda: _find_message(sqs, dead_letter_queue, poison)
    )
    attributes = dead_letter["MessageAttributes"]
    assert "no event this service subscribes to" in attributes["Reason"]["StringValue"]
    assert attributes["FirstReceived"]["StringValue"].isdigit()


def test_a_relay_killed_after_publishing_causes_no_second_order(
    lambda_env: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, owner = lambda_env, f"guest-{new_id()}"
    table = shop.outputs["BasketTable"]
    (write,) = outbox.put_actions(table, _checked_out(owner, _create_contact(shop)))
    row = write["Put"]["Item"]
    monkeypatch.setenv("TABLE_NAME", table)
    monkeypatch.setenv("BUS_NAME", shop.outputs["BusName"])
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "unused")
    monkeypatch.setattr(relay, "_delete", _kill)

    with pytest.raises(Killed):
        relay.handler(
            {"Records": [{"dynamodb": {"NewImage": row, "SequenceNumber": "1"}}]}, NO_CONTEXT
        )
    wait_until("the order", lambda: _orders_of(shop, owner))
    dynamo.transact_write([write])  # the killed relay left the row; the next one publishes again
    wait_until(
        "the row's deletion", lambda: dynamo.get(table, row["pk"]["S"], row["sk"]["S"]) is None
    )
    wait_until("ordering to handle all events", lambda: _is_ordering_idle(shop))

    assert len(_orders_of(shop, owner)) == 1


def test_checkout_works_while_the_catalog_fails(shop: RunningShop) -> None:
    guest = Guest(shop)
    sku = Staff(shop).list_product()
    guest.put(sku)
    functions = shop.session().client("lambda")
    names = [function["FunctionName"] for function in functions.list_functions()["Functions"]]
    (name,) = (name for name in names if "CatalogApi" in name)
    handler = functions.get_function_configuration(FunctionName=name)["Handler"]
    functions.update_function_configuration(FunctionName=name, Handler="souk.missing.handler")
    try:
        assert guest.http.get(f"/products/{sku}").status_code == 500
        guest.put(sku, 3)
        response = guest.check_out(guest.checkout_request(), new_key())
    finally:
        functions.update_function_configuration(FunctionName=name, Handler=handler)

    assert response.status_code == 202
    assert guest.wait_for_order(response.json()["order_id"])["lines"][0]["quantity"] == 3


class Killed(Exception):
    """Stands for the end of the process."""


def _kill(*_: object) -> None:
    raise Killed


NO_CONTEXT: Any = None  # the relay does not use its Lambda context


def _create_contact(shop: RunningShop) -> str:
    """Store a contact as a checkout does. Without one, emails would be retried for a long time."""
    contact_id = new_id()
    row = {"pk": f"CONTACT#{contact_id}", "sk": "CONTACT", "owner": "guest-of-this-test", **CONTACT}
    shop.session().client("dynamodb").put_item(
        TableName=shop.outputs["BasketTable"], Item=to_item(row)
    )
    return contact_id


def _checked_out(owner: str, contact_id: str) -> BasketCheckedOut:
    price = Money(500, "GBP")
    return BasketCheckedOut(
        order_id=new_id(),
        owner=owner,
        contact_id=contact_id,
        lines=[OrderLine(sku="T-1", name="Lamp", quantity=2, unit_price=price)],
        shipping_option="standard",
        shipping=Money(0, "GBP"),
        total=price.times(2),
        payment_token="tok_test",
        checked_out_at=timestamp(now()),
    )


def _event(event: BasketCheckedOut) -> dict[str, Any]:
    """The message that an EventBridge rule sends to a queue."""
    (write,) = outbox.put_actions("any", event)
    detail = json.loads(write["Put"]["Item"]["detail"]["S"])
    return {"source": "souk.basket", "detail-type": "BasketCheckedOut", "detail": detail}


def _orders_of(shop: RunningShop, owner: str) -> list[Any]:
    orders: list[Any] = (
        shop.session()
        .client("dynamodb")
        .query(
            TableName=shop.outputs["OrderingTable"],
            IndexName="by_owner",
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": owner}},
        )["Items"]
    )
    return orders


def _queue(sqs: Any, name: str) -> str:
    """The URL of the queue whose name starts with the stack and `name`."""
    urls = sqs.list_queues()["QueueUrls"]
    (url,) = (url for url in urls if url.rpartition("/")[2].startswith(f"Souk-dev-{name}"))
    return str(url)


def _find_message(sqs: Any, queue: str, body: str) -> Any:
    received = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    messages = received.get("Messages", [])
    return next((message for message in messages if message["Body"] == body), None)


def _is_ordering_idle(shop: RunningShop) -> bool:
    """Only ordering would create a second order; other queues may have work of other tests."""
    queues = [queue for queue in Shop(shop.state).status().queues if "Ordering" in queue.name]
    assert queues
    return all(queue.visible == queue.in_flight == 0 for queue in queues)
