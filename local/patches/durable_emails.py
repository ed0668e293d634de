"""Makes sent emails durable."""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ses

from local.patches.wal import Change, wal

MAX_EMAILS = 5_000

Json = dict[str, Any]


def persist_emails() -> None:
    """MiniStack keeps sent emails in memory, without a limit, and loses them when it ends.

    The last 5,000 emails are now in the write-ahead log, so that `./souk emails` shows them after
    a restart or a crash.
    """
    ses._sent_emails_list = _sent_emails


class _SentEmails(list[Json]):
    """The emails sent from one account and region."""

    def append(self, email: Json) -> None:
        with wal.atomic():
            wal.append("email", get_account_id(), get_region(), email)
            self.add(email)

    def add(self, email: Json) -> None:
        """Adds the email without recording it, and drops the oldest beyond the limit."""
        super().append(email)
        del self[:-MAX_EMAILS]


def _sent_emails(account: str | None = None, region: str | None = None) -> _SentEmails:
    scope = (account or get_account_id(), region or get_region(), "entries")
    emails: _SentEmails | None = ses._sent_emails.get_scoped(*scope)
    if emails is None:
        emails = _SentEmails()
        ses._sent_emails.set_scoped(*scope, emails)
    return emails


def changes() -> Iterator[Change]:
    """The changes that lead from an empty state to the current one."""
    lists = [(scope, list(emails)) for scope, emails in ses._sent_emails.all_items()]
    return (["email", *scope[:2], email] for scope, emails in lists for email in emails)


def replay(change: Change) -> None:
    _, account, region, email = change
    _sent_emails(account, region).add(email)
