"""Mails that were sent are kept, the last of them, over a crash and a restart."""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ses

from local.patches.kept import Change, journal

MAILS_KEPT = 5_000

Json = dict[str, Any]


def mails_are_kept() -> None:
    """Upstream keeps all that was ever sent, in memory alone."""
    ses._sent_emails_list = _sent


class _Mails(list[Json]):
    """What was sent, of one account in one region; tells of what comes."""

    def append(self, mail: Json) -> None:
        with journal.together():
            journal.add("mail", get_account_id(), get_region(), mail)
            self.keep(mail)

    def keep(self, mail: Json) -> None:
        super().append(mail)
        del self[:-MAILS_KEPT]


def _sent(account: str | None = None, region: str | None = None) -> _Mails:
    scope = (account or get_account_id(), region or get_region(), "entries")
    found: _Mails | None = ses._sent_emails.get_scoped(*scope)
    if found is None:
        found = _Mails()
        ses._sent_emails.set_scoped(*scope, found)
    return found


def changes() -> Iterator[Change]:
    """What leads from nothing to what there is at this moment."""
    mails = [(scope, list(sent)) for scope, sent in ses._sent_emails.all_items()]
    return (["mail", *scope[:2], mail] for scope, sent in mails for mail in sent)


def replay(change: Change) -> None:
    """Make a change again."""
    _, account, region, mail = change
    _sent(account, region).keep(mail)
