"""`./souk emails`: the emails that the local shop sent, to whom and when.

The notification service's table has the status of every email. Addresses and texts are only in the
local cloud's SES, which keeps the last few thousand messages.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx

from cli.output import columns
from local.root_signature import RootSignature
from souk.kernel.items import from_item

if TYPE_CHECKING:
    from local.shop import RunningShop

Row = Mapping[str, Any]
SES_MESSAGES_PATH = "/_ministack/ses/messages"
STAFF = "staff"


@dataclass(frozen=True)
class EmailRecord:
    """An email or staff message; `about` is an order id, or `staff`.

    `status` is `sent`, `failed` (with a `reason`) or `claimed` (not sent yet), since `at`. `to`,
    `text` and `html` are None for a staff message, and for a message that SES no longer has.
    """

    about: str
    name: str
    status: str
    at: str
    subject: str
    to: str | None = None
    reason: str | None = None
    text: str | None = None
    html: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def load_emails(running: "RunningShop", order_id: str | None = None) -> list[EmailRecord]:
    """All emails, or those about one order, sorted by time."""
    rows = list(_scan_table(running))  # before SES: it has every message recorded as sent
    response = httpx.get(
        running.endpoint + SES_MESSAGES_PATH,
        auth=RootSignature(running.state),
        trust_env=False,
        timeout=30,
    )
    return join_messages(rows, response.raise_for_status().json(), order_id)


def join_messages(
    rows: Iterable[Row], ses_messages: Mapping[str, Any], order_id: str | None
) -> list[EmailRecord]:
    """The table's rows joined with SES's messages by message id."""
    by_id = {
        message["MessageId"]: message
        for account in ses_messages["messages"].values()
        for message in account
    }
    records = (_record(row, by_id.get(row.get("message_id", ""), {})) for row in rows)
    selected = (record for record in records if order_id in (None, record.about))
    return sorted(selected, key=lambda record: record.at)


def format_table(records: Iterable[EmailRecord]) -> str:
    rows = [
        (record.at[:19].replace("T", " "), _recipient(record), _summary(record))
        for record in records
    ]
    return columns([("when (UTC)", "to", "email"), *rows])


def format_emails(records: Iterable[EmailRecord]) -> str:
    """Each email with its text."""
    return "\n\n".join(map(_format_email, records))


def _format_email(record: EmailRecord) -> str:
    header = [
        ("When", record.at),
        ("To", _recipient(record)),
        ("Email", _summary(record)),
    ]
    text = record.text or "(the text is no longer stored)\n" if record.status == "sent" else ""
    body = "".join(f"\n  {line}" if line else "\n" for line in text.splitlines())
    return columns(header) + (f"\n{body}" if body else "")


def _recipient(record: EmailRecord) -> str:
    return record.to or (STAFF if record.about == STAFF else "-")


def _summary(record: EmailRecord) -> str:
    return {
        "sent": record.subject,
        "claimed": f"{record.subject} (not sent yet)",
        "failed": f"{record.subject} (failed: {record.reason})",
    }[record.status]


def _scan_table(running: "RunningShop") -> Iterator[Row]:
    name = running.outputs["NotificationTable"]
    pages = running.session().client("dynamodb").get_paginator("scan").paginate(TableName=name)
    for page in pages:
        yield from map(from_item, page["Items"])


def _record(row: Row, message: Row) -> EmailRecord:
    prefix, _, about = row["pk"].partition("#")
    return EmailRecord(
        about=STAFF if prefix == "STAFF" else about,
        name=row["sk"].removeprefix("EMAIL#"),
        status=row["status"],
        at=row["at"],
        subject=row["subject"],
        to=", ".join(message.get("To", ())) or None,
        reason=row.get("reason"),
        text=message.get("BodyText"),
        html=message.get("BodyHtml"),
    )
