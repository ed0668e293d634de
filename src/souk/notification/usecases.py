"""Sends each email and staff message once: claim it, send it, record the result.

The claim is written before the email is sent and is valid for the lease. Another invocation that
finds a valid claim retries later. An email is sent twice only if an invocation crashes, or loses
the response of SES, between sending and recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.notification import rendering
from souk.notification.domain import (
    STAFF,
    CustomerEmail,
    Email,
    EmailContent,
    NotAccepted,
    OrderNotKnownYet,
    Recipient,
    StaffMessage,
    Undeliverable,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Emails(Protocol):
    """Records of emails that are being sent, were sent or failed."""

    def claim(self, email: Email) -> bool:
        """True: the caller may send it until the lease ends. False: it was sent or failed before.

        Raises SendInProgress while the claim of another invocation is valid.
        """

    def release_claim(self, email: Email) -> None:
        """Nothing was sent: the next invocation may claim it at once."""

    def record_sent(self, email: Email, message_id: str) -> None:
        """Overwrites any other status. `message_id` is the one of SES or SNS."""

    def record_failed(self, email: Email, reason: str) -> None:
        """No effect on an email that was recorded as sent."""

    def record_bounced(self, email: Email, reason: str) -> None:
        """Marks an email as failed that was sent."""

    def contact_of(self, order_id: str) -> str | None:
        """The contact id of an order about which an email was claimed before."""


class EmailSender(Protocol):
    def send(self, to: str, content: EmailContent, email: Email) -> str:
        """Returns the message id; a bounce of the email can be matched to `email`.

        Raises Undeliverable, NotAccepted.
        """


class StaffChannel(Protocol):
    def send(self, subject: str, text: str) -> str:
        """Returns the message id. Raises NotAccepted."""


def send_customer_email(
    customer_email: CustomerEmail,
    *,
    emails: Emails,
    find_recipient: Callable[[str], Recipient],
    sender: EmailSender,
    staff_channel: StaffChannel,
) -> None:
    """Send the email once, however often and in which order events arrive.

    `find_recipient` returns the recipient of a contact id, or raises. An undeliverable email is
    recorded as failed and reported to staff.
    Raises OrderNotKnownYet, SendInProgress, NotAccepted: retry later.
    """
    contact_id = customer_email.contact_id or emails.contact_of(customer_email.order_id)
    if contact_id is None:
        raise OrderNotKnownYet(f"the contact of order {customer_email.order_id} is not known yet")
    recipient = find_recipient(contact_id)
    values = {
        **customer_email.values,
        "order_id": customer_email.order_id,
        "name": recipient.name,
        "address": recipient.address,
    }
    content = rendering.render(customer_email.type.value, values)
    email = Email(customer_email.order_id, customer_email.name, content.subject, contact_id)
    try:
        _send_once(email, lambda: sender.send(recipient.email, content, email), emails=emails)
    except Undeliverable as error:
        message = _undeliverable_message(email, str(error))
        notify_staff(message, emails=emails, staff_channel=staff_channel)
        emails.record_failed(email, str(error))


def record_bounce(
    email: Email, reason: str, *, emails: Emails, staff_channel: StaffChannel
) -> None:
    """Mark a sent email as failed and report it to staff once.

    Raises SendInProgress, NotAccepted: retry later.
    """
    emails.record_bounced(email, reason)
    message = _undeliverable_message(email, reason)
    notify_staff(message, emails=emails, staff_channel=staff_channel)


def notify_staff(message: StaffMessage, *, emails: Emails, staff_channel: StaffChannel) -> None:
    """Send a staff message once for its name. Raises SendInProgress, NotAccepted: retry later."""
    content = rendering.render(message.template, message.values)
    email = Email(STAFF, message.name, content.subject)
    _send_once(email, lambda: staff_channel.send(content.subject, content.text), emails=emails)


def _send_once(email: Email, send: Callable[[], str], *, emails: Emails) -> None:
    if not emails.claim(email):
        return
    try:
        message_id = send()
    except (NotAccepted, Undeliverable):
        emails.release_claim(email)
        raise
    emails.record_sent(email, message_id)


def _undeliverable_message(email: Email, reason: str) -> StaffMessage:
    """Names the order, from which staff find the customer, and no email address."""
    email_type, _, _ = email.name.partition("#")
    values = {"order_id": email.about, "type": email_type, "reason": reason}
    return StaffMessage("staff-undeliverable", f"undeliverable#{email.about}#{email.name}", values)
