"""What notification hears, and whom it tells."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from souk.basket.commands import ContactCards, GetContacts
from souk.delivery.events import ShipmentDispatched
from souk.edges.asking import ask
from souk.inventory.events import StockDepleted
from souk.kernel.settings import Settings, load
from souk.notification import letters, usecases
from souk.notification.domain import Kind, Mail, Notice, Recipient, Word
from souk.notification.formats import moment, price
from souk.notification.post import MailBounced, SesPost, SnsBoard
from souk.notification.recipients import Recipients
from souk.notification.store import MailStore
from souk.ordering.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
    ReturnAccepted,
)
from souk.payment.events import PaymentRefunded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souk.basket.commands import ContactCard
    from souk.kernel.facts import Hears

STAFF_HEARS_OF = frozenset({"payment-declined", "payment-unresolved", "not-possible"})
"""Of the reasons to reject an order. What is out of stock they are told by product."""


class NotificationSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    basket_commands: str
    mail_sender: str
    staff_topic: str


@cache
def settings() -> NotificationSettings:
    return load(NotificationSettings)


@cache
def mails() -> MailStore:
    return MailStore(settings().table_name)


@cache
def post() -> SesPost:
    return SesPost(settings().mail_sender)


@cache
def board() -> SnsBoard:
    return SnsBoard(settings().staff_topic)


@cache
def recipients() -> Recipients:
    return Recipients(of_contacts)


def of_contacts(contact_ids: Sequence[str]) -> dict[str, Recipient]:
    """Who they are, as basket tells. Raises AskedInVain."""
    wish = GetContacts(contact_ids=list(contact_ids))
    told = ask(settings().basket_commands, wish, ContactCards)
    return {card.contact_id: _recipient(card) for card in told.cards}


def _recipient(card: ContactCard) -> Recipient:
    place = card.address
    parts = (place.line1, place.line2, place.city, place.postcode, place.country)
    return Recipient(card.name, card.email, ", ".join(part for part in parts if part))


def _write(notice: Notice) -> None:
    usecases.write_to_customer(
        notice, mails=mails(), recipient=recipients(), post=post(), board=board()
    )


def _tell(word: Word) -> None:
    usecases.tell_staff(word, mails=mails(), board=board())


def _received(fact: OrderPlaced) -> None:
    values = {
        "at": moment(fact.placed_at),
        "products": str(fact.line_count),
        "total": price(fact.total),
    }
    _write(Notice(Kind.RECEIVED, fact.order_id, values, fact.contact_id))


def _confirmed(fact: OrderConfirmed) -> None:
    values = {"at": moment(fact.confirmed_at), "total": price(fact.total)}
    _write(Notice(Kind.CONFIRMED, fact.order_id, values, fact.contact_id))


def _rejected(fact: OrderRejected) -> None:
    at = moment(fact.rejected_at)
    values = {"at": at, "why": letters.reason(fact.reason)}
    _write(Notice(Kind.REJECTED, fact.order_id, values, fact.contact_id))
    if fact.reason in STAFF_HEARS_OF:
        told = {"order_id": fact.order_id, "reason": fact.reason, "at": at}
        _tell(Word("staff-rejected", f"rejected#{fact.order_id}", told))


def _dispatched(fact: ShipmentDispatched) -> None:
    values = {
        "at": moment(fact.dispatched_at),
        "carrier": fact.carrier,
        "tracking_number": fact.tracking_number,
    }
    _write(Notice(Kind.DISPATCHED, fact.order_id, values, fact.contact_id))


def _cancelled(fact: OrderCancelled) -> None:
    values = {"at": moment(fact.cancelled_at)}
    _write(Notice(Kind.CANCELLED, fact.order_id, values, fact.contact_id))


def _returned(fact: ReturnAccepted) -> None:
    values = {
        "at": moment(fact.accepted_at),
        "return_id": fact.return_id,
        "pieces": str(sum(line.quantity for line in fact.lines)),
        "amount": price(fact.refund),
    }
    _write(Notice(Kind.RETURNED, fact.order_id, values, fact.contact_id, fact.return_id))


def _refunded(fact: PaymentRefunded) -> None:
    values = {"amount": price(fact.amount)}
    _write(Notice(Kind.REFUNDED, fact.order_id, values, part=fact.refund_id))


def _depleted(fact: StockDepleted) -> None:
    _tell(Word("staff-depleted", f"depleted#{fact.sku}#{fact.turn}", {"sku": fact.sku}))


def _bounced(fact: MailBounced) -> None:
    mail = Mail(fact.order[0], fact.name, subject="")
    usecases.hear_bounced(mail, fact.reason.lower(), mails=mails(), board=board())


HEARS: Hears = {
    OrderPlaced: _received,
    OrderConfirmed: _confirmed,
    OrderRejected: _rejected,
    ShipmentDispatched: _dispatched,
    OrderCancelled: _cancelled,
    ReturnAccepted: _returned,
    PaymentRefunded: _refunded,
    StockDepleted: _depleted,
}
POST_SAYS: Hears = {MailBounced: _bounced}
"""Not on the shop's bus: a rule on AWS's own brings it."""
