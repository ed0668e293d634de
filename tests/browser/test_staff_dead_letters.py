"""Staff read dead-letter messages, and redrive them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from local.shop import RunningShop
from souk.kernel.ids import new_id
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.visitor import Staff, wait_until


@pytest.fixture
def order_id(shop: RunningShop) -> Iterator[str]:
    """An order with one event in the timeline's dead-letter queue."""
    order_id = new_id()
    detail = {
        "id": new_id(),
        "time": "2026-11-29T12:00:00.000Z",
        "correlation_id": new_id(),
        "data": {"order_id": order_id, "owner": "guest-somebody"},
    }
    body = {"detail-type": "OrderPlaced", "source": "souk.ordering", "detail": detail}
    sqs = shop.session().client("sqs")
    queue_url = next(url for url in sqs.list_queues()["QueueUrls"] if "TimelineDeadLetters" in url)
    reason = {"DataType": "String", "StringValue": "Throttled: the table was busy"}
    sqs.send_message(
        QueueUrl=queue_url, MessageBody=json.dumps(body), MessageAttributes={"Reason": reason}
    )
    yield order_id
    remaining = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=1)
    for message in remaining.get("Messages", []):
        if order_id in message["Body"]:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def open_timeline_row(staff_page: Page) -> Locator:
    """Open the list of dead-letter queues. Returns the row of the timeline's queue."""
    staff_page.get_by_role("link", name="Dead letters").click()
    row = staff_page.get_by_role("row").filter(has_text="Timeline")
    expect(row).to_contain_text("Events that the service could not handle")
    return row


def test_staff_read_the_messages_of_a_dead_letter_queue_without_removing_them(
    staff_page: Page, order_id: str
) -> None:
    row = open_timeline_row(staff_page)
    expect(staff_page.get_by_role("row").filter(has_text="Basket")).to_have_count(2)
    expect(row.locator(".alarm")).to_be_visible()
    message_count = row.locator(".alarm").inner_text()

    row.get_by_role("button", name="Read").click()

    heading = staff_page.get_by_role("heading", name="Dead-letter messages of Timeline")
    expect(heading).to_be_focused()
    message = staff_page.get_by_role("row").filter(has_text=order_id)
    expect(message).to_contain_text("OrderPlaced")
    expect(message).to_contain_text("Throttled: the table was busy")
    assert find_accessibility_problems(staff_page) == []
    assert fits_a_phone(staff_page)
    staff_page.get_by_role("button", name="Reload").click()
    expect(row.locator(".alarm")).to_have_text(message_count)


def test_a_redriven_message_is_handled_by_the_service(
    staff_page: Page, order_id: str, staff: Staff
) -> None:
    open_timeline_row(staff_page).get_by_role("button", name="Redrive").click()

    expect(staff_page.get_by_text("moved back to the queue")).to_be_visible()
    timeline = f"/staff/orders/{order_id}/timeline"
    wait_until("OrderPlaced", lambda: "OrderPlaced" in staff.http.get(timeline).text)


def test_staff_read_which_messages_can_be_redriven(staff_page: Page) -> None:
    staff_page.get_by_role("link", name="Dead letters").click()

    expect(
        staff_page.get_by_text("They did not come from a queue and cannot be redriven.")
    ).to_be_visible()
    expect(staff_page.get_by_role("button", name="Reload")).to_be_visible()
    assert fits_a_phone(staff_page)
