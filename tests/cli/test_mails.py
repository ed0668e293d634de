"""What `./souk mails` makes of the room's rows and of what the post office at home has."""

from __future__ import annotations

from typing import Any

from cli.mails import gather, letters, table

FIRST = "2026-11-24T22:45:09.123Z"
SECOND = "2026-11-24T22:45:10.456Z"
OFFICE = {
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
    known = {"pk": f"ORDER#{order}", "sk": f"MAIL#{name}", "subject": f"Order {order}: {name}"}
    return {**known, "status": "sent", "at": FIRST, **given}


def test_a_mail_is_listed_with_when_it_went_to_whom() -> None:
    found = gather([a_row(receipt="message-1")], OFFICE, None)

    assert table(found).splitlines() == [
        "when (UTC)           to               what",
        "2026-11-24 22:45:09  ada@example.org  Order o-1: confirmed",
    ]


def test_what_was_not_sent_says_so_and_why() -> None:
    failed = a_row("received", status="failed", reason="invalid-address")
    claimed = a_row("confirmed", status="claimed", at=SECOND)

    lines = table(gather([claimed, failed], OFFICE, None)).splitlines()

    assert lines[1:] == [
        "2026-11-24 22:45:09  -   Order o-1: received (not sent: invalid-address)",
        "2026-11-24 22:45:10  -   Order o-1: confirmed (not sent yet)",
    ]


def test_word_to_staff_is_listed_among_the_mails() -> None:
    word = {"pk": "STAFF#depleted#LAMP-1#7", "sk": "MAIL#depleted#LAMP-1#7", "status": "sent"}
    rows = [{**word, "at": SECOND, "subject": "Out of stock: LAMP-1"}, a_row(receipt="message-1")]

    last = table(gather(rows, OFFICE, None)).splitlines()[-1]

    assert last == "2026-11-24 22:45:10  staff            Out of stock: LAMP-1"


def test_of_one_order_each_mail_is_shown_in_full() -> None:
    rows = [
        a_row("dispatched", at=SECOND, receipt="of a time nobody remembers"),
        a_row(receipt="message-1"),
        a_row(order="o-2"),
    ]

    shown = letters(gather(rows, OFFICE, "o-1"))

    assert shown == (
        "When  2026-11-24T22:45:09.123Z\n"
        "To    ada@example.org\n"
        "What  Order o-1: confirmed\n"
        "\n"
        "  Dear Ada,\n"
        "\n"
        "  It is confirmed.\n"
        "\n"
        "When  2026-11-24T22:45:10.456Z\n"
        "To    -\n"
        "What  Order o-1: dispatched\n"
        "\n"
        "  (the text is not kept any more)"
    )


def test_as_json_a_mail_has_all_that_is_known_of_it() -> None:
    (mail,) = gather([a_row(receipt="message-1")], OFFICE, "o-1")

    assert mail.as_json() == {
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
