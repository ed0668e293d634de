"""What the staff's page tells of dead letters, and how they are sent back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from local.shop import Running
from souk.kernel.ids import new_id
from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.visitor import Staff, until


@pytest.fixture
def order_id(shop: Running) -> Iterator[str]:
    """An order of which the journal could not hear one fact. It is a letter now."""
    order_id = new_id()
    detail = {
        "id": new_id(),
        "time": "2026-11-29T12:00:00.000Z",
        "correlation_id": new_id(),
        "data": {"order_id": order_id, "owner": "guest-somebody"},
    }
    body = {"detail-type": "OrderPlaced", "source": "souk.ordering", "detail": detail}
    sqs = shop.session().client("sqs")
    url = next(each for each in sqs.list_queues()["QueueUrls"] if "JournalDeadLetters" in each)
    reason = {"DataType": "String", "StringValue": "Throttled: the table was busy"}
    sqs.send_message(
        QueueUrl=url, MessageBody=json.dumps(body), MessageAttributes={"Reason": reason}
    )
    yield order_id
    kept = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
    for each in kept.get("Messages", []):
        if order_id in each["Body"]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def journal_of(at_work: Page) -> Locator:
    at_work.get_by_role("link", name="Dead letters").click()
    row = at_work.get_by_role("row").filter(has_text="Journal")
    expect(row).to_contain_text("Facts it could not take in")
    return row


def test_staff_see_in_which_room_a_letter_waits_and_why(at_work: Page, order_id: str) -> None:
    row = journal_of(at_work)
    expect(at_work.get_by_role("row").filter(has_text="Basket")).to_have_count(2)
    expect(row.locator(".alarm")).to_be_visible()
    waiting = row.locator(".alarm").inner_text()

    row.get_by_role("button", name="Read").click()

    expect(at_work.get_by_role("heading", name="What Journal could not handle")).to_be_focused()
    letter = at_work.get_by_role("row").filter(has_text=order_id)
    expect(letter).to_contain_text("OrderPlaced")
    expect(letter).to_contain_text("Throttled: the table was busy")
    assert serious(at_work) == []
    assert fits_a_phone(at_work)
    at_work.get_by_role("button", name="Look again").click()
    expect(row.locator(".alarm")).to_have_text(waiting)


def test_staff_send_letters_back_and_the_room_hears_them(
    at_work: Page, order_id: str, staff: Staff
) -> None:
    journal_of(at_work).get_by_role("button", name="Redrive").click()

    expect(at_work.get_by_text("went back to the queue")).to_be_visible()
    story = f"/staff/orders/{order_id}/timeline"
    until("the fact", lambda: "OrderPlaced" in staff.http.get(story).text)


def test_staff_read_which_letters_can_be_redriven(at_work: Page) -> None:
    at_work.get_by_role("link", name="Dead letters").click()

    expect(at_work.get_by_text("They belong to no queue and cannot be redriven.")).to_be_visible()
    expect(at_work.get_by_role("button", name="Look again")).to_be_visible()
    assert fits_a_phone(at_work)
