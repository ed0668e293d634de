"""What the staff's page tells of dead letters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from local.shop import Running
from tests.browser.test_every_page import fits_a_phone, serious


@pytest.fixture
def letters(shop: Running) -> Iterator[int]:
    """How many dead letters the journal has; one of them is ours, and gone again afterwards."""
    sqs = shop.session().client("sqs")
    url = next(each for each in sqs.list_queues()["QueueUrls"] if "JournalDeadLetters" in each)
    ours = sqs.send_message(QueueUrl=url, MessageBody="{}")["MessageId"]
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    yield int(counted["ApproximateNumberOfMessages"])
    kept = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
    for each in kept["Messages"]:
        if each["MessageId"] == ours:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def test_staff_see_in_which_room_a_letter_waits(at_work: Page, letters: int) -> None:
    at_work.get_by_role("link", name="Dead letters").click()

    row = at_work.get_by_role("row").filter(has_text="Journal")
    expect(row).to_contain_text("Facts it could not take in")
    expect(row.get_by_role("cell").last).to_have_text(str(letters))
    expect(at_work.get_by_role("row").filter(has_text="Basket")).to_have_count(2)
    assert serious(at_work) == []


def test_staff_read_how_to_redrive_them(at_work: Page) -> None:
    at_work.get_by_role("link", name="Dead letters").click()

    expect(at_work.get_by_text("start-message-move-task")).to_be_visible()
    expect(at_work.get_by_role("button", name="Look again")).to_be_visible()
    assert fits_a_phone(at_work)
