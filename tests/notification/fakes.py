"""Mails kept in memory, a post and a board that fail as they are told, contacts."""

from __future__ import annotations

from typing import NamedTuple

from souk.kernel import aws, dynamo
from souk.notification.domain import LEASE_SECONDS, BeingSent, Letter, Mail, Recipient
from souk.notification.store import MailStore
from tests.notification.builders import ADA, CONTACT_ID


class Killed(BaseException):
    """The function ends here: nothing of it catches this."""


class Row(NamedTuple):
    status: str
    detail: str = ""
    contact_id: str | None = None
    lease: float = 0


class FakeMails:
    """What became of each mail, by order and name. Time stands still until `pass_time`.

    `dies_at` names a step before which the function is killed, once.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}
        self.dies_at: set[str] = set()
        self._now = 0.0

    def pass_time(self, seconds: float) -> None:
        self._now += seconds

    def lapse(self) -> None:
        """Every lease there is ends."""
        self.pass_time(LEASE_SECONDS + 1)

    def claim(self, mail: Mail) -> bool:
        self._perhaps_die("claim")
        row = self.rows.get(_key(mail))
        if row and row.status != "claimed":
            return False
        if row and row.lease > self._now:
            raise BeingSent
        self.rows[_key(mail)] = Row("claimed", "", mail.contact_id, self._now + LEASE_SECONDS)
        self._perhaps_die("send")
        return True

    def let_go(self, mail: Mail) -> None:
        row = self.rows[_key(mail)]
        if row.status == "claimed":
            self.rows[_key(mail)] = row._replace(lease=self._now)

    def record_sent(self, mail: Mail, receipt: str) -> None:
        self._perhaps_die("record")
        self.rows[_key(mail)] = Row("sent", receipt, mail.contact_id)

    def record_failed(self, mail: Mail, reason: str) -> None:
        self._perhaps_die("fail")
        row = self.rows[_key(mail)]
        if row.status == "claimed":
            self.rows[_key(mail)] = Row("failed", reason, mail.contact_id)

    def record_returned(self, mail: Mail, reason: str) -> None:
        self.rows[_key(mail)] = self.rows[_key(mail)]._replace(status="failed", detail=reason)

    def contact_of(self, order_id: str) -> str | None:
        rows = (row for (about, _), row in self.rows.items() if about == order_id)
        return next((row.contact_id for row in rows), None)

    def status(self, mail: Mail) -> tuple[str, str]:
        return self.rows[_key(mail)][:2]

    def _perhaps_die(self, step: str) -> None:
        if step in self.dies_at:
            self.dies_at.remove(step)
            raise Killed


def _key(mail: Mail) -> tuple[str, str]:
    return mail.about, mail.name


class StoredMails(MailStore):
    """The real store, laid open."""

    def lapse(self) -> None:
        for row in aws.dynamodb().scan(TableName=self._table)["Items"]:
            aws.dynamodb().update_item(
                TableName=self._table,
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression="SET lease = :past",
                ExpressionAttributeValues={":past": {"N": "1"}},
            )

    def status(self, mail: Mail) -> tuple[str, str]:
        row = dynamo.get(self._table, f"ORDER#{mail.about}", f"MAIL#{mail.name}")
        assert row is not None
        return row["status"], row.get("reason") or row.get("receipt", "")


class FakePost:
    """Remembers what it took; `refuses` are raised first, one a call."""

    def __init__(self, *refuses: Exception) -> None:
        self._refuses = list(refuses)
        self.sent: list[tuple[str, Letter]] = []

    def send(self, to: str, letter: Letter, mail: Mail) -> str:
        if self._refuses:
            raise self._refuses.pop(0)
        self.sent.append((to, letter))
        return f"message-{len(self.sent)}"

    @property
    def subjects(self) -> list[str]:
        return [letter.subject for _, letter in self.sent]


class FakeBoard:
    def __init__(self, *refuses: Exception) -> None:
        self._refuses = list(refuses)
        self.told: list[tuple[str, str]] = []

    def tell(self, subject: str, text: str) -> str:
        if self._refuses:
            raise self._refuses.pop(0)
        self.told.append((subject, text))
        return f"word-{len(self.told)}"


def recipient(contact_id: str) -> Recipient:
    return {CONTACT_ID: ADA}[contact_id]
