"""In-memory emails, senders that fail on demand, and recipients."""

from __future__ import annotations

from typing import NamedTuple

from souk.kernel import aws, dynamo
from souk.notification.domain import (
    LEASE_SECONDS,
    Email,
    EmailContent,
    Recipient,
    SendInProgress,
)
from souk.notification.store import EmailStore
from tests.notification.builders import ADA, CONTACT_ID


class Killed(BaseException):
    """The function is killed here; its code cannot catch this."""


class Row(NamedTuple):
    """`detail` is the message id of a sent email, or the reason of a failed one."""

    status: str
    detail: str = ""
    contact_id: str | None = None
    lease: float = 0


class FakeEmails:
    """Emails by order and name. The clock stands still until `pass_time`.

    `killed_at` names steps before which the function is killed, each once.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}
        self.killed_at: set[str] = set()
        self._now = 0.0

    def pass_time(self, seconds: float) -> None:
        self._now += seconds

    def expire_leases(self) -> None:
        self.pass_time(LEASE_SECONDS + 1)

    def claim(self, email: Email) -> bool:
        self._maybe_kill("claim")
        row = self.rows.get(_key(email))
        if row and row.status != "claimed":
            return False
        if row and row.lease > self._now:
            raise SendInProgress
        self.rows[_key(email)] = Row("claimed", "", email.contact_id, self._now + LEASE_SECONDS)
        self._maybe_kill("send")
        return True

    def release_claim(self, email: Email) -> None:
        row = self.rows[_key(email)]
        if row.status == "claimed":
            self.rows[_key(email)] = row._replace(lease=self._now)

    def record_sent(self, email: Email, message_id: str) -> None:
        self._maybe_kill("record sent")
        self.rows[_key(email)] = Row("sent", message_id, email.contact_id)

    def record_failed(self, email: Email, reason: str) -> None:
        self._maybe_kill("record failed")
        row = self.rows[_key(email)]
        if row.status == "claimed":
            self.rows[_key(email)] = Row("failed", reason, email.contact_id)

    def record_bounced(self, email: Email, reason: str) -> None:
        row = self.rows[_key(email)]
        self.rows[_key(email)] = row._replace(status="failed", detail=reason)

    def contact_of(self, order_id: str) -> str | None:
        rows = (row for (about, _), row in self.rows.items() if about == order_id)
        return next((row.contact_id for row in rows), None)

    def status(self, email: Email) -> tuple[str, str]:
        return self.rows[_key(email)][:2]

    def _maybe_kill(self, step: str) -> None:
        if step in self.killed_at:
            self.killed_at.remove(step)
            raise Killed


def _key(email: Email) -> tuple[str, str]:
    return email.about, email.name


class StoredEmails(EmailStore):
    """The real store, with the fake's methods for tests."""

    def expire_leases(self) -> None:
        for row in aws.dynamodb().scan(TableName=self._table)["Items"]:
            aws.dynamodb().update_item(
                TableName=self._table,
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression="SET lease = :past",
                ExpressionAttributeValues={":past": {"N": "1"}},
            )

    def status(self, email: Email) -> tuple[str, str]:
        row = dynamo.get(self._table, f"ORDER#{email.about}", f"EMAIL#{email.name}")
        assert row is not None
        return row["status"], row.get("reason") or row.get("message_id", "")


class FakeEmailSender:
    """Records sent emails. The first calls raise `errors`, one per call."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.sent: list[tuple[str, EmailContent]] = []

    def send(self, to: str, content: EmailContent, email: Email) -> str:
        if self._errors:
            raise self._errors.pop(0)
        self.sent.append((to, content))
        return f"message-{len(self.sent)}"

    @property
    def subjects(self) -> list[str]:
        return [content.subject for _, content in self.sent]


class FakeStaffChannel:
    """Records sent messages. The first calls raise `errors`, one per call."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.sent: list[tuple[str, str]] = []

    def send(self, subject: str, text: str) -> str:
        if self._errors:
            raise self._errors.pop(0)
        self.sent.append((subject, text))
        return f"message-{len(self.sent)}"


class FakeRecipients:
    def find(self, contact_id: str) -> Recipient:
        return find_recipient(contact_id)


def find_recipient(contact_id: str) -> Recipient:
    return {CONTACT_ID: ADA}[contact_id]
