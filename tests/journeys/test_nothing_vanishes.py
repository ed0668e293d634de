"""Guarantees G4 and G6: facts arrive in the end, and what cannot be handled is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.shop import Running, Shop
from souk.basket.events import BasketCheckedOut, CheckedOutLine
from souk.edges import relay
from souk.kernel import dynamo, outbox
from souk.kernel.clock import now, stamp
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from souk.kernel.money import Money
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


def test_a_poison_message_among_nine_good_ones_loses_none_of_the_nine(shop: Running) -> None:
    owners = [f"guest-{new_id()}" for _ in range(9)]
    contact = _somebody(shop)
    bodies = [json.dumps(_event(_checked_out(owner, contact))) for owner in owners]
    poison = json.dumps({"detail-type": "BasketCheckedOut", "detail": {"poison": new_id()}})
    sqs = shop.session().client("sqs")
    queue, dead = _queue(sqs, "OrderingQueue"), _queue(sqs, "OrderingDeadLetters")

    sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": str(place), "MessageBody": body}
            for place, body in enumerate([*bodies[:4], poison, *bodies[4:]])
        ],
    )

    until("nine orders", lambda: all(len(_orders_of(shop, owner)) == 1 for owner in owners))
    buried = until("the dead letter", lambda: _dead_letter(sqs, dead, poison))
    assert "not a fact this room hears" in buried["MessageAttributes"]["Reason"]["StringValue"]
    assert buried["MessageAttributes"]["FirstReceived"]["StringValue"].isdigit()


def test_a_relay_killed_after_publishing_makes_no_second_order(
    in_function: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, owner = in_function, f"guest-{new_id()}"
    table = shop.outputs["BasketTable"]
    (write,) = outbox.puts(table, _checked_out(owner, _somebody(shop)))
    row = write["Put"]["Item"]
    monkeypatch.setenv("TABLE_NAME", table)
    monkeypatch.setenv("BUS_NAME", shop.outputs["BusName"])
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "unused")
    monkeypatch.setattr(relay, "_delete", _killed)

    with pytest.raises(Killed):
        relay.handler({"Records": [{"dynamodb": {"NewImage": row, "SequenceNumber": "1"}}]}, NONE)
    until("the order", lambda: _orders_of(shop, owner))
    dynamo.transact([write])  # the row the dead relay left: the next relay says it once more
    until("the row to go", lambda: dynamo.get(table, row["pk"]["S"], row["sk"]["S"]) is None)
    until("all to be heard by ordering", lambda: _all_heard(shop))

    assert len(_orders_of(shop, owner)) == 1


def test_checkout_works_while_the_catalog_fails(shop: Running) -> None:
    guest = Guest(shop)
    sku = Staff(shop).list_product()
    guest.put(sku)
    functions = shop.session().client("lambda")
    (name,) = (
        each["FunctionName"]
        for each in functions.list_functions()["Functions"]
        if "CatalogApi" in each["FunctionName"]
    )
    whole = functions.get_function_configuration(FunctionName=name)["Handler"]
    functions.update_function_configuration(FunctionName=name, Handler="souk.nowhere.handler")
    try:
        assert guest.http.get(f"/products/{sku}").status_code == 500
        guest.put(sku, 3)
        answer = guest.check_out(guest.wish(), new_key())
    finally:
        functions.update_function_configuration(FunctionName=name, Handler=whole)

    assert answer.status_code == 202
    assert guest.sees(answer.json()["order_id"])["lines"][0]["quantity"] == 3


class Killed(Exception):
    """The process ends here."""


def _killed(*_: object) -> None:
    raise Killed


NONE: Any = None  # the relay asks nothing of its Lambda context


def _somebody(shop: Running) -> str:
    """A contact as a checkout leaves it; without one mails are tried again and again."""
    contact_id = new_id()
    row = {"pk": f"CONTACT#{contact_id}", "sk": "CONTACT", "owner": "guest-somebody", **CONTACT}
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
        lines=[CheckedOutLine(sku="T-1", name="Lamp", quantity=2, unit_price=price)],
        shipping_option="standard",
        shipping=Money(0, "GBP"),
        total=price.times(2),
        payment_token="tok_test",
        checked_out_at=stamp(now()),
    )


def _event(fact: BasketCheckedOut) -> dict[str, Any]:
    """The fact as a rule hands it to a queue."""
    (write,) = outbox.puts("any", fact)
    detail = json.loads(write["Put"]["Item"]["detail"]["S"])
    return {"source": "souk.basket", "detail-type": "BasketCheckedOut", "detail": detail}


def _orders_of(shop: Running, owner: str) -> list[Any]:
    found: list[Any] = (
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
    return found


def _queue(sqs: Any, name: str) -> str:
    """The URL of the one queue whose name, without the stack's, begins with `name`."""
    urls = sqs.list_queues()["QueueUrls"]
    (url,) = (url for url in urls if url.rpartition("/")[2].startswith(f"Souk-dev-{name}"))
    return str(url)


def _dead_letter(sqs: Any, queue: str, body: str) -> Any:
    received = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return next((each for each in received.get("Messages", []) if each["Body"] == body), None)


def _all_heard(shop: Running) -> bool:
    """By ordering, who would make the second order; others may still try what is not ours."""
    queues = [each for each in Shop(shop.state).status().queues if "Ordering" in each.name]
    assert queues
    return all(queue.visible == queue.in_flight == 0 for queue in queues)
