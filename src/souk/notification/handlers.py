"""Notification's event subscriptions: the email or staff message that each event leads to."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from souk.basket.commands import ContactList, GetContacts
from souk.delivery.events import ShipmentDispatched
from souk.inventory.events import StockDepleted
from souk.kernel.settings import Settings, load
from souk.notification import rendering, usecases
from souk.notification.domain import CustomerEmail, Email, EmailType, Recipient, StaffMessage
from souk.notification.formats import format_money, format_timestamp
from souk.notification.recipients import Recipients
from souk.notification.senders import EmailBounced, SesEmailSender, SnsStaffChannel
from souk.notification.store import EmailStore
from souk.ordering.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
    ReturnAccepted,
)
from souk.payment.events import PaymentRefunded
from souk.runtime.invoke import invoke

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souk.basket.commands import Contact
    from souk.kernel.events import Subscriptions

REASONS_FOR_STAFF = frozenset({"payment-declined", "payment-unresolved", "internal-error"})
"""The rejection reasons that staff are notified of. `out-of-stock` is not one of them: staff are
notified per product, by StockDepleted."""


class NotificationSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    basket_commands: str
    email_sender: str
    staff_topic: str


@cache
def settings() -> NotificationSettings:
    return load(NotificationSettings)


@cache
def emails() -> EmailStore:
    return EmailStore(settings().table_name)


@cache
def email_sender() -> SesEmailSender:
    return SesEmailSender(settings().email_sender)


@cache
def staff_channel() -> SnsStaffChannel:
    return SnsStaffChannel(settings().staff_topic)


@cache
def recipients() -> Recipients:
    return Recipients(fetch_recipients)


def fetch_recipients(contact_ids: Sequence[str]) -> dict[str, Recipient]:
    """Recipients by contact id, from basket. Unknown ids are omitted. Raises CommandFailed."""
    command = GetContacts(contact_ids=list(contact_ids))
    result = invoke(settings().basket_commands, command, ContactList)
    return {contact.contact_id: _recipient(contact) for contact in result.contacts}


def _recipient(contact: Contact) -> Recipient:
    address = contact.address
    parts = (address.line1, address.line2, address.city, address.postcode, address.country)
    return Recipient(contact.name, contact.email, ", ".join(part for part in parts if part))


def _send(customer_email: CustomerEmail) -> None:
    usecases.send_customer_email(
        customer_email,
        emails=emails(),
        find_recipient=recipients().find,
        sender=email_sender(),
        staff_channel=staff_channel(),
    )


def _notify_staff(message: StaffMessage) -> None:
    usecases.notify_staff(message, emails=emails(), staff_channel=staff_channel())


def _order_placed(event: OrderPlaced) -> None:
    values = {
        "at": format_timestamp(event.placed_at),
        "products": str(event.line_count),
        "total": format_money(event.total),
    }
    _send(CustomerEmail(EmailType.RECEIVED, event.order_id, values, event.contact_id))


def _order_confirmed(event: OrderConfirmed) -> None:
    values = {"at": format_timestamp(event.confirmed_at), "total": format_money(event.total)}
    _send(CustomerEmail(EmailType.CONFIRMED, event.order_id, values, event.contact_id))


def _order_rejected(event: OrderRejected) -> None:
    at = format_timestamp(event.rejected_at)
    values = {"at": at, "explanation": rendering.explain_rejection(event.reason)}
    _send(CustomerEmail(EmailType.REJECTED, event.order_id, values, event.contact_id))
    if event.reason in REASONS_FOR_STAFF:
        staff_values = {"order_id": event.order_id, "reason": event.reason, "at": at}
        _notify_staff(StaffMessage("staff-rejected", f"rejected#{event.order_id}", staff_values))


def _shipment_dispatched(event: ShipmentDispatched) -> None:
    values = {
        "at": format_timestamp(event.dispatched_at),
        "carrier": event.carrier,
        "tracking_number": event.tracking_number,
    }
    _send(CustomerEmail(EmailType.DISPATCHED, event.order_id, values, event.contact_id))


def _order_cancelled(event: OrderCancelled) -> None:
    values = {"at": format_timestamp(event.cancelled_at)}
    _send(CustomerEmail(EmailType.CANCELLED, event.order_id, values, event.contact_id))


def _return_accepted(event: ReturnAccepted) -> None:
    values = {
        "at": format_timestamp(event.accepted_at),
        "return_id": event.return_id,
        "quantity": str(sum(line.quantity for line in event.lines)),
        "amount": format_money(event.refund),
    }
    _send(
        CustomerEmail(EmailType.RETURNED, event.order_id, values, event.contact_id, event.return_id)
    )


def _payment_refunded(event: PaymentRefunded) -> None:
    values = {"amount": format_money(event.amount)}
    _send(CustomerEmail(EmailType.REFUNDED, event.order_id, values, reference=event.refund_id))


def _stock_depleted(event: StockDepleted) -> None:
    name = f"depleted#{event.sku}#{event.availability_version}"
    _notify_staff(StaffMessage("staff-depleted", name, {"sku": event.sku}))


def _email_bounced(event: EmailBounced) -> None:
    email = Email(event.order[0], event.name, subject="")
    usecases.record_bounce(
        email, event.reason.lower(), emails=emails(), staff_channel=staff_channel()
    )


SUBSCRIPTIONS: Subscriptions = {
    OrderPlaced: _order_placed,
    OrderConfirmed: _order_confirmed,
    OrderRejected: _order_rejected,
    ShipmentDispatched: _shipment_dispatched,
    OrderCancelled: _order_cancelled,
    ReturnAccepted: _return_accepted,
    PaymentRefunded: _payment_refunded,
    StockDepleted: _stock_depleted,
}
SES_SUBSCRIPTIONS: Subscriptions = {EmailBounced: _email_bounced}
"""Not on the shop's bus: SES reports bounces on the account's default bus."""
