"""The output of `./souk emails`, from the service's rows and the local SES's messages."""

from __future__ import annotations

from typing import Any

from cli.emails import format_emails, format_table, join_messages

FIRST = "2026-11-24T22:45:09.123Z"
SECOND = "2026-11-24T22:45:10.456Z"
SES_MESSAGES = {
    "messages": {
        "000000000000": [
            {
                "MessageId": "message-1",
                "To": ["ada@example.org"],
                "BodyText": "Dear Ada,\n\nIt is confirmed.\n",
                "BodyHtml": "<p>Dear Ada,</p>",
            }
        ]
    }
}


def a_row(name: str = "confirmed", order: str = "o-1", **given: Any) -> dict[str, Any]:
    defaults = {"pk": f"ORDER#{order}", "sk": f"EMAIL#{name}", "subject": f"Order {order}: {name}"}
    return {**defaults, "status": "sent", "at": FIRST, **given}


def test_a_sent_email_is_listed_with_time_and_recipient() -> None:
    records = join_messages([a_row(message_id="message-1")], SES_MESSAGES, None)

    assert format_table(records).splitlines() == [
        "when (UTC)           to               email",
        "2026-11-24 22:45:09  ada@example.org  Order o-1: confirmed",
    ]


def test_an_email_that_was_not_sent_is_listed_with_the_reason() -> None:
    failed = a_row("received", status="failed", reason="invalid-address")
    claimed = a_row("confirmed", status="claimed", at=SECOND)

    lines = format_table(join_messages([claimed, failed], SES_MESSAGES, None)).splitlines()

    assert lines[1:] == [
        "2026-11-24 22:45:09  -   Order o-1: received (failed: invalid-address)",
        "2026-11-24 22:45:10  -   Order o-1: confirmed (not sent yet)",
    ]


def test_a_staff_message_is_listed_among_the_emails() -> None:
    message = {"pk": "STAFF#depleted#LAMP-1#7", "sk": "EMAIL#depleted#LAMP-1#7", "status": "sent"}
    rows = [
        {**message, "at": SECOND, "subject": "Out of stock: LAMP-1"},
        a_row(message_id="message-1"),
    ]

    last = format_table(join_messages(rows, SES_MESSAGES, None)).splitlines()[-1]

    assert last == "2026-11-24 22:45:10  staff            Out of stock: LAMP-1"


def test_the_emails_of_one_order_are_printed_in_full() -> None:
    rows = [
        a_row("dispatched", at=SECOND, message_id="no longer in SES"),
        a_row(message_id="message-1"),
        a_row(order="o-2"),
    ]

    printed = format_emails(join_messages(rows, SES_MESSAGES, "o-1"))

    assert printed == (
        "When   2026-11-24T22:45:09.123Z\n"
        "To     ada@example.org\n"
        "Email  Order o-1: confirmed\n"
        "\n"
        "  Dear Ada,\n"
        "\n"
        "  It is confirmed.\n"
        "\n"
        "When   2026-11-24T22:45:10.456Z\n"
        "To     -\n"
        "Email  Order o-1: dispatched\n"
        "\n"
        "  (the text is no longer stored)"
    )


def test_the_json_of_an_email_has_all_its_fields() -> None:
    (record,) = join_messages([a_row(message_id="message-1")], SES_MESSAGES, "o-1")

    assert record.as_json() == {
        "about": "o-1",
        "name": "confirmed",
        "status": "sent",
        "at": FIRST,
        "subject": "Order o-1: confirmed",
        "to": "ada@example.org",
        "reason": None,
        "text": "Dear Ada,\n\nIt is confirmed.\n",
        "html": "<p>Dear Ada,</p>",
    }
