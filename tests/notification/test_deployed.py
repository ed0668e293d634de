"""The deployed service: the emails that orders lead to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cli.emails import SES_MESSAGES_PATH, format_emails, load_emails
from local.root_signature import RootSignature
from local.shop import RunningShop
from souk.kernel import aws, dynamo
from souk.kernel.money import Money
from souk.payment.commands import RefundPayment
from tests import deployed
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


def place_order(
    shop: RunningShop, address: str, token: str = "tok_test", guest: Guest | None = None
) -> str:
    """An order of a customer with this email address, confirmed or rejected. Returns its id."""
    guest, sku = guest or Guest(shop), Staff(shop).list_product()
    guest.put(sku)
    request = guest.checkout_request(token) | {"contact": CONTACT | {"email": address}}
    response = guest.check_out(request, new_key())
    assert response.status_code == 202, response.text
    order_id: str = response.json()["order_id"]
    guest.wait_for_decision(order_id)
    return order_id


def sent_emails(shop: RunningShop, address: str) -> list[dict[str, Any]]:
    messages = httpx.get(shop.endpoint + SES_MESSAGES_PATH, auth=RootSignature(shop.state)).json()[
        "messages"
    ]
    emails = [email for account in messages.values() for email in account]
    return [email for email in emails if email["To"] == [address]]


def wait_for_email(shop: RunningShop, address: str, subject: str) -> dict[str, Any]:
    def find() -> Any:
        return [email for email in sent_emails(shop, address) if subject in email["Subject"]]

    found: dict[str, Any] = wait_until(f"an email with the subject {subject!r}", find)[0]
    return found


def wait_for_shipment(staff: Staff, order_id: str) -> None:
    wait_until("the shipment", lambda: staff.http.get(f"/staff/shipments/{order_id}").is_success)


def read_rows(shop: RunningShop, order_id: str) -> dict[str, dict[str, Any]]:
    """The service's records of an order's emails, by name."""
    found = dynamo.query(shop.outputs["NotificationTable"], f"ORDER#{order_id}")
    return {row["sk"].removeprefix("EMAIL#"): row for row in found}


def test_a_confirmed_order_sends_two_emails(lambda_env: RunningShop) -> None:
    address = f"{new_key()}@example.com"

    order_id = place_order(lambda_env, address)

    def both_sent() -> Any:
        emails = sent_emails(lambda_env, address)
        return len(emails) == 2 and emails

    emails = wait_until("two emails", both_sent)
    assert {email["Subject"] for email in emails} == {
        f"We have received your order {order_id}",
        f"Your order {order_id} is confirmed",
    }
    assert all(email["Source"] == "Souk <orders@souk.example>" for email in emails)
    assert all("Dear Ada Lovelace," in email["BodyText"] for email in emails)
    assert all("<p>Dear Ada Lovelace,</p>" in email["BodyHtml"] for email in emails)

    def both_recorded() -> bool:
        return [row["status"] for row in read_rows(lambda_env, order_id).values()] == ["sent"] * 2

    wait_until("both are recorded", both_recorded)
    assert address not in deployed.read_log(lambda_env, "NotificationConsumer")


def test_a_declined_payment_is_emailed_to_the_customer_and_reported_to_staff(
    lambda_env: RunningShop,
) -> None:
    address = f"{new_key()}@example.com"

    order_id = place_order(lambda_env, address, token="tok_declined")

    email = wait_for_email(lambda_env, address, "cannot fulfil")
    text = " ".join(email["BodyText"].split())
    assert "Your payment was declined. You were not charged." in text
    table, name = lambda_env.outputs["NotificationTable"], f"rejected#{order_id}"
    row = wait_until(
        "the staff message", lambda: dynamo.get(table, f"STAFF#{name}", f"EMAIL#{name}")
    )
    assert row["subject"] == f"Order {order_id} rejected: payment-declined"


def test_an_address_that_ses_rejects_is_recorded_and_reported_to_staff(
    lambda_env: RunningShop,
) -> None:
    address = f"ädä-{new_key()}@example.com"  # SES accepts 7-bit addresses only

    order_id = place_order(lambda_env, address)

    def both_failed() -> Any:
        rows = read_rows(lambda_env, order_id)
        return len(rows) == 2 and {row["status"] for row in rows.values()} == {"failed"} and rows

    rows = wait_until("both emails fail", both_failed)
    assert {row["reason"] for row in rows.values()} == {"invalid-address"}
    assert sent_emails(lambda_env, address) == []
    table, name = lambda_env.outputs["NotificationTable"], f"undeliverable#{order_id}#confirmed"
    staff_row = dynamo.get(table, f"STAFF#{name}", f"EMAIL#{name}")
    assert staff_row is not None
    assert staff_row["status"] == "sent"
    assert address not in deployed.read_log(lambda_env, "NotificationConsumer")
    assert address not in str([staff_row, *rows.values()])


def test_the_emails_of_an_order_can_be_printed_in_the_terminal(lambda_env: RunningShop) -> None:
    address = f"{new_key()}@example.com"
    order_id = place_order(lambda_env, address)

    def both_sent() -> Any:
        records = load_emails(lambda_env, order_id)
        return [record for record in records if record.status == "sent"][1:] and records

    printed = format_emails(wait_until("both emails are sent", both_sent))

    assert printed.count(f"To     {address}") == 2
    assert printed.count("  Dear Ada Lovelace,") == 2


def test_a_dispatch_and_a_refund_are_emailed(lambda_env: RunningShop) -> None:
    address, staff = f"{new_key()}@example.com", Staff(lambda_env)
    order_id = place_order(lambda_env, address)
    wait_for_shipment(staff, order_id)

    label = {"carrier": "souk-post", "tracking_number": f"CRV-{new_key()}"}
    staff.http.post(f"/staff/shipments/{order_id}/dispatch", json=label).raise_for_status()
    dispatched = wait_for_email(lambda_env, address, "is on its way")
    command = RefundPayment(order_id=order_id, refund_id="lamp-1", amount=Money(1250, "GBP"))
    deployed.invoke_command(lambda_env, "Payment", command)
    refunded = wait_for_email(lambda_env, address, "Your refund")

    assert f"Tracking number: {label['tracking_number']}" in dispatched["BodyText"]
    assert "Refund: £12.50" in refunded["BodyText"]


def test_a_cancelled_order_is_emailed(lambda_env: RunningShop) -> None:
    address, guest, staff = f"{new_key()}@example.com", Guest(lambda_env), Staff(lambda_env)
    order_id = place_order(lambda_env, address, guest=guest)
    wait_for_shipment(staff, order_id)

    guest.http.post(f"/guest/orders/{order_id}/cancellation").raise_for_status()

    email = wait_for_email(lambda_env, address, "is cancelled")
    assert order_id in email["BodyText"]


def test_recipients_are_not_stored(lambda_env: RunningShop) -> None:
    address, guest, staff = f"{new_key()}@example.com", Guest(lambda_env), Staff(lambda_env)
    order_id = place_order(lambda_env, address, guest=guest)
    wait_for_shipment(staff, order_id)
    wait_until("two emails", lambda: len(sent_emails(lambda_env, address)) == 2)
    contact_id = read_rows(lambda_env, order_id)["confirmed"]["contact_id"]
    aws.dynamodb().update_item(
        TableName=lambda_env.outputs["BasketTable"],
        Key=dynamo.key(f"CONTACT#{contact_id}", "CONTACT"),
        UpdateExpression="SET #name = :name",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues={":name": {"S": "Grace Hopper"}},
    )

    guest.http.post(f"/guest/orders/{order_id}/cancellation").raise_for_status()

    email = wait_for_email(lambda_env, address, "is cancelled")
    assert "Dear Grace Hopper," in email["BodyText"]


@pytest.fixture
def report_from_ses(lambda_env: RunningShop) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Sends a bounce report. Only AWS may use the source `aws.ses`, so a rule with a source of the
    test's own gets the target of the real rule."""
    client, source = lambda_env.session().client("events"), f"tests.{new_key()}"
    rules = client.list_rules()["Rules"]
    rule = next(each["Name"] for each in rules if "NotificationBounced" in each["Name"])
    client.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    client.put_targets(Rule=source, Targets=client.list_targets_by_rule(Rule=rule)["Targets"])

    def send(detail: dict[str, Any]) -> None:
        entry = {"Source": source, "DetailType": "Email Bounced", "Detail": json.dumps(detail)}
        client.put_events(Entries=[entry])

    yield send
    client.remove_targets(Rule=source, Ids=["Target0"])
    client.delete_rule(Name=source)


def test_a_bounced_email_is_recorded_as_failed(
    lambda_env: RunningShop, report_from_ses: Callable[[dict[str, Any]], None]
) -> None:
    address = f"{new_key()}@example.com"
    order_id = place_order(lambda_env, address)
    wait_until("two emails", lambda: len(sent_emails(lambda_env, address)) == 2)

    tags = {"order": [order_id], "email": ["confirmed"]}
    report_from_ses(
        {"mail": {"tags": tags, "destination": [address]}, "bounce": {"bounceType": "Permanent"}}
    )

    def is_failed() -> bool:
        row = read_rows(lambda_env, order_id)["confirmed"]
        return (row["status"], row.get("reason")) == ("failed", "permanent")

    wait_until("it is recorded", is_failed)
    assert address not in deployed.read_log(lambda_env, "NotificationConsumer")
