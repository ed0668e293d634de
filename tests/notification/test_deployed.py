"""The room as it is deployed: a customer's orders, and the mails that came of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cli.mails import letters, mails
from local.shop import Running
from souk.kernel import aws, dynamo
from souk.kernel.money import Money
from souk.payment.commands import RefundPayment
from tests import deployed
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


def order(shop: Running, email: str, token: str = "tok_test", guest: Guest | None = None) -> str:
    """Somebody with this address buys something."""
    guest, sku = guest or Guest(shop), Staff(shop).list_product()
    guest.put(sku)
    wish = guest.wish(token) | {"contact": CONTACT | {"email": email}}
    answer = guest.check_out(wish, new_key())
    assert answer.status_code == 202, answer.text
    order_id: str = answer.json()["order_id"]
    guest.sees_decided(order_id)
    return order_id


def sent(shop: Running, email: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{shop.endpoint}/_ministack/ses/messages").json()["messages"]
    mails = [mail for account in found.values() for mail in account]
    return [mail for mail in mails if mail["To"] == [email]]


def rows(shop: Running, order_id: str) -> dict[str, dict[str, Any]]:
    found = dynamo.query(shop.outputs["NotificationTable"], f"ORDER#{order_id}")
    return {row["sk"].removeprefix("MAIL#"): row for row in found}


def test_a_confirmed_order_is_two_mails(in_function: Running) -> None:
    email = f"{new_key()}@example.com"

    order_id = order(in_function, email)

    found = until("two mails", lambda: (m := sent(in_function, email)) and len(m) == 2 and m)
    assert {mail["Subject"] for mail in found} == {
        f"We have received your order {order_id}",
        f"Your order {order_id} is confirmed",
    }
    assert all(mail["Source"] == "Souk <orders@souk.example>" for mail in found)
    assert all("Dear Ada Lovelace," in mail["BodyText"] for mail in found)
    assert all("<p>Dear Ada Lovelace,</p>" in mail["BodyHtml"] for mail in found)

    def recorded() -> bool:
        return [row["status"] for row in rows(in_function, order_id).values()] == ["sent"] * 2

    until("both are recorded", recorded)
    assert email not in deployed.log(in_function, "NotificationConsumer")


def test_a_declined_card_is_told_to_the_customer_and_to_staff(in_function: Running) -> None:
    email = f"{new_key()}@example.com"

    order_id = order(in_function, email, token="tok_declined")

    def told() -> Any:
        return [mail for mail in sent(in_function, email) if "cannot fulfil" in mail["Subject"]]

    (mail,) = until("the rejection is told", told)
    assert "Your payment was declined. You were not charged." in " ".join(mail["BodyText"].split())
    table = in_function.outputs["NotificationTable"]
    word = f"rejected#{order_id}"
    row = until("staff are told", lambda: dynamo.get(table, f"STAFF#{word}", f"MAIL#{word}"))
    assert row["subject"] == f"Rejected, order {order_id}: payment-declined"


def test_an_address_the_post_refuses_is_recorded_and_told_to_staff(in_function: Running) -> None:
    email = f"ädä-{new_key()}@example.com"  # SES takes 7-bit addresses only

    order_id = order(in_function, email)

    def failed() -> Any:
        found = rows(in_function, order_id)
        return len(found) == 2 and {row["status"] for row in found.values()} == {"failed"} and found

    found = until("both mails fail", failed)
    assert {row["reason"] for row in found.values()} == {"invalid-address"}
    assert sent(in_function, email) == []
    table, word = in_function.outputs["NotificationTable"], f"undeliverable#{order_id}#confirmed"
    row = dynamo.get(table, f"STAFF#{word}", f"MAIL#{word}")
    assert row is not None
    assert row["status"] == "sent"
    assert email not in deployed.log(in_function, "NotificationConsumer")
    assert email not in str([row, *found.values()])


def test_an_orders_mails_can_be_read_in_the_terminal(in_function: Running) -> None:
    email = f"{new_key()}@example.com"
    order_id = order(in_function, email)

    def both() -> Any:
        found = mails(in_function, order_id)
        return [mail for mail in found if mail.status == "sent"][1:] and found

    shown = letters(until("both mails are sent", both))

    assert shown.count(f"To    {email}") == 2
    assert shown.count("  Dear Ada Lovelace,") == 2


def subject_comes(shop: Running, email: str, words: str) -> dict[str, Any]:
    def come() -> Any:
        return [mail for mail in sent(shop, email) if words in mail["Subject"]]

    found: dict[str, Any] = until(f"a mail that says {words!r}", come)[0]
    return found


def test_the_parcel_and_the_money_that_comes_back_are_told(in_function: Running) -> None:
    email, staff = f"{new_key()}@example.com", Staff(in_function)
    order_id = order(in_function, email)
    at = f"/staff/shipments/{order_id}"
    until("the shipment", lambda: staff.http.get(at).is_success)

    wish = {"carrier": "souk-post", "tracking_number": f"CRV-{new_key()}"}
    staff.http.post(f"{at}/dispatch", json=wish).raise_for_status()
    on_its_way = subject_comes(in_function, email, "is on its way")
    part = RefundPayment(order_id=order_id, refund_id="lamp-1", amount=Money(1250, "GBP"))
    deployed.ask(in_function, "Payment", part)
    refund = subject_comes(in_function, email, "Your refund")

    assert f"Tracking number: {wish['tracking_number']}" in on_its_way["BodyText"]
    assert "Refund: £12.50" in refund["BodyText"]


def test_a_cancelled_order_is_told(in_function: Running) -> None:
    email, guest, staff = f"{new_key()}@example.com", Guest(in_function), Staff(in_function)
    order_id = order(in_function, email, guest=guest)
    until("the shipment", lambda: staff.http.get(f"/staff/shipments/{order_id}").is_success)

    guest.http.post(f"/guest/orders/{order_id}/cancellation").raise_for_status()

    mail = subject_comes(in_function, email, "is cancelled")
    assert order_id in mail["BodyText"]


def test_who_was_written_to_is_not_remembered(in_function: Running) -> None:
    email, guest, staff = f"{new_key()}@example.com", Guest(in_function), Staff(in_function)
    order_id = order(in_function, email, guest=guest)
    until("the shipment", lambda: staff.http.get(f"/staff/shipments/{order_id}").is_success)
    until("two mails", lambda: len(sent(in_function, email)) == 2)
    contact_id = rows(in_function, order_id)["confirmed"]["contact_id"]
    aws.dynamodb().update_item(
        TableName=in_function.outputs["BasketTable"],
        Key=dynamo.key(f"CONTACT#{contact_id}", "CONTACT"),
        UpdateExpression="SET #name = :name",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues={":name": {"S": "Grace Hopper"}},
    )

    guest.http.post(f"/guest/orders/{order_id}/cancellation").raise_for_status()

    assert "Dear Grace Hopper," in subject_comes(in_function, email, "is cancelled")["BodyText"]


@pytest.fixture
def ses_says(in_function: Running) -> Iterator[Callable[[dict[str, Any]], None]]:
    """As SES would: nobody else may speak for AWS, so the rule's target hears a source of ours."""
    client, ours = in_function.session().client("events"), f"tests.{new_key()}"
    rules = client.list_rules()["Rules"]
    rule = next(each["Name"] for each in rules if "NotificationBounced" in each["Name"])
    client.put_rule(Name=ours, EventPattern=json.dumps({"source": [ours]}))
    client.put_targets(Rule=ours, Targets=client.list_targets_by_rule(Rule=rule)["Targets"])

    def say(detail: dict[str, Any]) -> None:
        entry = {"Source": ours, "DetailType": "Email Bounced", "Detail": json.dumps(detail)}
        client.put_events(Entries=[entry])

    yield say
    client.remove_targets(Rule=ours, Ids=["Target0"])
    client.delete_rule(Name=ours)


def test_a_mail_that_comes_back_is_recorded_as_failed(
    in_function: Running, ses_says: Callable[[dict[str, Any]], None]
) -> None:
    email = f"{new_key()}@example.com"
    order_id = order(in_function, email)
    until("two mails", lambda: len(sent(in_function, email)) == 2)

    tags = {"order": [order_id], "mail": ["confirmed"]}
    ses_says(
        {"mail": {"tags": tags, "destination": [email]}, "bounce": {"bounceType": "Permanent"}}
    )

    def failed() -> bool:
        row = rows(in_function, order_id)["confirmed"]
        return (row["status"], row.get("reason")) == ("failed", "permanent")

    until("it is recorded", failed)
    assert email not in deployed.log(in_function, "NotificationConsumer")
