"""Writing to customers and staff: claim, send, record, so that nothing is sent twice.

A claim is written before anything is sent and holds for some seconds. Who finds it taken comes
again later. Only who dies, or loses the post's answer, between sending and recording leaves a
claim over which the next one sends a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.notification import letters
from souk.notification.domain import (
    STAFF,
    Letter,
    Mail,
    Notice,
    NotTaken,
    OrderNotHeardOf,
    Recipient,
    Undeliverable,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Mails(Protocol):
    """What was sent, is being sent, or will never be."""

    def claim(self, mail: Mail) -> bool:
        """True: it is ours to send, until the lease ends. False: that is over and done.

        Raises BeingSent while the lease of another lasts.
        """

    def let_go(self, mail: Mail) -> None:
        """Nothing was sent: whoever comes next may claim it at once."""

    def record_sent(self, mail: Mail, receipt: str) -> None:
        """For good. `receipt` is the post's id of it."""

    def record_failed(self, mail: Mail, reason: str) -> None:
        """For good, unless somebody recorded it as sent."""

    def record_returned(self, mail: Mail, reason: str) -> None:
        """For good, although it was sent."""

    def contact_of(self, order_id: str) -> str | None:
        """The contact id of an order that was written about before."""


class Post(Protocol):
    def send(self, to: str, letter: Letter, mail: Mail) -> str:
        """The post's id of what it took; it knows the mail again, should it come back.

        Raises Undeliverable or NotTaken.
        """


class Board(Protocol):
    def tell(self, subject: str, text: str) -> str:
        """Tell all staff who asked for it. Raises NotTaken."""


def write_to_customer(
    notice: Notice,
    *,
    mails: Mails,
    recipient: Callable[[str], Recipient],
    post: Post,
    board: Board,
) -> None:
    """Send the notice once, however often and in which order facts are heard.

    `recipient` tells who is behind a contact id, or raises. An address the post will not take
    ends it: that is recorded, and staff are told.
    Raises OrderNotHeardOf, BeingSent or NotTaken: each means, come again.
    """
    contact_id = notice.contact_id or mails.contact_of(notice.order_id)
    if contact_id is None:
        raise OrderNotHeardOf(f"nobody said yet whose order {notice.order_id} is")
    who = recipient(contact_id)
    about = {"order_id": notice.order_id, "name": who.name, "address": who.address}
    letter = letters.write(notice.kind.value, {**notice.values, **about})
    mail = Mail(notice.order_id, notice.name, letter.subject, contact_id)
    try:
        _once(mail, lambda: post.send(who.email, letter, mail), mails=mails)
    except Undeliverable as error:
        tell_staff(_undeliverable(mail, str(error)), mails=mails, board=board)
        mails.record_failed(mail, str(error))


def hear_bounced(mail: Mail, reason: str, *, mails: Mails, board: Board) -> None:
    """A mail that was taken came back: it is recorded, and staff are told once."""
    mails.record_returned(mail, reason)
    tell_staff(_undeliverable(mail, reason), mails=mails, board=board)


def tell_staff(word: Word, *, mails: Mails, board: Board) -> None:
    """Tell staff once for the word's name. Raises BeingSent or NotTaken: come again."""
    letter = letters.write(word.template, word.values)
    mail = Mail(STAFF, word.name, letter.subject)
    _once(mail, lambda: board.tell(letter.subject, letter.text), mails=mails)


def _once(mail: Mail, send: Callable[[], str], *, mails: Mails) -> None:
    if not mails.claim(mail):
        return
    try:
        receipt = send()
    except (NotTaken, Undeliverable):
        mails.let_go(mail)
        raise
    mails.record_sent(mail, receipt)


def _undeliverable(mail: Mail, reason: str) -> Word:
    """The order tells staff whom to call; the address itself is not written here."""
    kind, _, _ = mail.name.partition("#")
    values = {"order_id": mail.about, "kind": kind, "reason": reason}
    return Word("staff-undeliverable", f"undeliverable#{mail.about}#{mail.name}", values)
