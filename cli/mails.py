"""`./souk mails`: what the shop here wrote, to whom and when.

What became of each mail stands in the notification room's table; whom it went to, and its text,
only the local cloud's post office knows, which keeps the last few thousand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx

from cli.say import columns
from souk.kernel.items import from_item

if TYPE_CHECKING:
    from local.shop import Running

Row = Mapping[str, Any]
OFFICE = "/_ministack/ses/messages"
STAFF = "staff"


@dataclass(frozen=True)
class Mail:
    """One mail, or word to staff, of whom the shop knows no address.

    `at` is when `status` came about: `sent`, `failed` (for the `reason`) or `claimed`: not sent
    yet. What the post office knows no more is None.
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


def mails(running: "Running", order_id: str | None = None) -> list[Mail]:
    """What was written, in the order it was sent; of one order, or everything."""
    rows = list(_rows(running))  # first: what they call sent, the post office has
    office = httpx.get(running.endpoint + OFFICE, trust_env=False, timeout=30)
    return gather(rows, office.raise_for_status().json(), order_id)


def gather(rows: Iterable[Row], office: Mapping[str, Any], order_id: str | None) -> list[Mail]:
    letters = {
        letter["MessageId"]: letter for account in office["messages"].values() for letter in account
    }
    found = (_mail(row, letters.get(row.get("receipt", ""), {})) for row in rows)
    wanted = (mail for mail in found if order_id in (None, mail.about))
    return sorted(wanted, key=lambda mail: mail.at)


def table(found: Iterable[Mail]) -> str:
    rows = [(each.at[:19].replace("T", " "), _to(each), _outcome(each)) for each in found]
    return columns([("when (UTC)", "to", "what"), *rows])


def letters(found: Iterable[Mail]) -> str:
    """Each with what stands above its text in a mail program."""
    return "\n\n".join(_letter(each) for each in found)


def _letter(mail: Mail) -> str:
    head = [("When", mail.at), ("To", _to(mail)), ("What", _outcome(mail))]
    text = mail.text or "(the text is not kept any more)\n" if mail.status == "sent" else ""
    body = "".join(f"\n  {line}" if line else "\n" for line in text.splitlines())
    return columns(head) + (f"\n{body}" if body else "")


def _to(mail: Mail) -> str:
    return mail.to or (STAFF if mail.about == STAFF else "-")


def _outcome(mail: Mail) -> str:
    return {
        "sent": mail.subject,
        "claimed": f"{mail.subject} (not sent yet)",
        "failed": f"{mail.subject} (not sent: {mail.reason})",
    }[mail.status]


def _rows(running: "Running") -> Iterator[Row]:
    name = running.outputs["NotificationTable"]
    pages = running.session().client("dynamodb").get_paginator("scan").paginate(TableName=name)
    for page in pages:
        yield from map(from_item, page["Items"])


def _mail(row: Row, letter: Row) -> Mail:
    kind, _, about = row["pk"].partition("#")
    return Mail(
        about=STAFF if kind == "STAFF" else about,
        name=row["sk"].removeprefix("MAIL#"),
        status=row["status"],
        at=row["at"],
        subject=row["subject"],
        to=", ".join(letter.get("To", ())) or None,
        reason=row.get("reason"),
        text=letter.get("BodyText"),
        html=letter.get("BodyHtml"),
    )
