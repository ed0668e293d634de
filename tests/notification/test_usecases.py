"""Each email is sent once, despite duplicate events, crashes and errors."""

from __future__ import annotations

import pytest

from souk.notification.domain import (
    EmailType,
    NotAccepted,
    OrderNotKnownYet,
    SendInProgress,
    StaffMessage,
    Undeliverable,
)
from souk.notification.usecases import notify_staff, record_bounce, send_customer_email
from tests.notification.builders import ADA, CONTACT_ID, ORDER, a_customer_email, an_email
from tests.notification.fakes import (
    FakeEmails,
    FakeEmailSender,
    FakeStaffChannel,
    Killed,
    find_recipient,
)

MESSAGE = StaffMessage("staff-depleted", "depleted#LAMP-1#7", {"sku": "LAMP-1"})


class Service:
    """The use cases with fakes; `errors` are those of the first emails."""

    def __init__(self, *errors: Exception) -> None:
        self.emails = FakeEmails()
        self.email_sender = FakeEmailSender(*errors)
        self.staff_channel = FakeStaffChannel()

    def send(
        self,
        email_type: EmailType = EmailType.CONFIRMED,
        contact_id: str | None = CONTACT_ID,
    ) -> None:
        send_customer_email(
            a_customer_email(email_type, contact_id),
            emails=self.emails,
            find_recipient=find_recipient,
            sender=self.email_sender,
            staff_channel=self.staff_channel,
        )


def test_an_email_is_sent_to_the_address_of_the_contact() -> None:
    service = Service()

    service.send()

    ((to, content),) = service.email_sender.sent
    assert to == ADA.email
    assert content.subject == f"Your order {ORDER} is confirmed"
    assert "Dear Ada Lovelace," in content.text
    assert service.emails.status(an_email()) == ("sent", "message-1")


def test_a_duplicate_event_sends_no_second_email() -> None:
    service = Service()

    service.send()
    service.send()

    assert len(service.email_sender.sent) == 1


def test_while_one_invocation_sends_another_one_retries_later() -> None:
    service = Service()
    service.emails.claim(an_email())

    with pytest.raises(SendInProgress):
        service.send()

    assert service.email_sender.sent == []


@pytest.mark.parametrize("step", ["claim", "send"])
def test_after_a_crash_before_sending_the_email_is_sent_once(step: str) -> None:
    service = Service()
    service.emails.killed_at = {step}
    with pytest.raises(Killed):
        service.send()

    service.emails.expire_leases()
    service.send()
    service.send()

    assert len(service.email_sender.sent) == 1


def test_only_a_crash_between_sending_and_recording_sends_an_email_twice() -> None:
    service = Service()
    service.emails.killed_at = {"record sent"}
    with pytest.raises(Killed):
        service.send()
    with pytest.raises(SendInProgress):
        service.send()

    service.emails.expire_leases()
    service.send()
    service.send()

    assert len(service.email_sender.sent) == 2


def test_an_email_that_ses_did_not_accept_can_be_retried_at_once() -> None:
    service = Service(NotAccepted("SES: Throttling"))
    with pytest.raises(NotAccepted):
        service.send()

    service.send()

    assert len(service.email_sender.sent) == 1
    assert service.staff_channel.sent == []


def test_an_undeliverable_email_fails_and_staff_are_notified_once() -> None:
    service = Service(Undeliverable("invalid-address"))

    service.send()
    service.send()

    assert service.email_sender.sent == []
    assert service.emails.status(an_email()) == ("failed", "invalid-address")
    ((subject, text),) = service.staff_channel.sent
    assert subject == f"Email could not be delivered, order {ORDER}"
    assert "Reason: invalid-address" in text
    assert ADA.email not in subject + text


def test_a_crash_before_the_failure_is_recorded_notifies_staff_only_once() -> None:
    service = Service(Undeliverable("invalid-address"), Undeliverable("invalid-address"))
    service.emails.killed_at = {"record failed"}
    with pytest.raises(Killed):
        service.send()

    service.emails.expire_leases()
    service.send()

    assert service.emails.status(an_email()) == ("failed", "invalid-address")
    assert len(service.staff_channel.sent) == 1


def test_a_refund_is_retried_until_the_contact_of_its_order_is_known() -> None:
    service = Service()
    with pytest.raises(OrderNotKnownYet):
        service.send(EmailType.REFUNDED, contact_id=None)

    service.send(EmailType.CONFIRMED)
    service.send(EmailType.REFUNDED, contact_id=None)

    subjects = service.email_sender.subjects
    assert [subject.split()[1] for subject in subjects] == ["order", "refund"]


def test_a_staff_message_is_sent_once() -> None:
    service = Service()

    for _ in range(2):
        notify_staff(MESSAGE, emails=service.emails, staff_channel=service.staff_channel)

    ((subject, text),) = service.staff_channel.sent
    assert subject == "Out of stock: LAMP-1"
    assert "SKU: LAMP-1" in text


def test_a_staff_message_that_sns_did_not_accept_is_sent_by_a_retry() -> None:
    service = Service()
    service.staff_channel = FakeStaffChannel(NotAccepted("SNS: Throttled"))
    with pytest.raises(NotAccepted):
        notify_staff(MESSAGE, emails=service.emails, staff_channel=service.staff_channel)

    notify_staff(MESSAGE, emails=service.emails, staff_channel=service.staff_channel)

    assert len(service.staff_channel.sent) == 1


def test_a_bounced_email_fails_and_staff_are_notified_once() -> None:
    service = Service()
    service.send()

    for _ in range(2):
        record_bounce(
            an_email(), "permanent", emails=service.emails, staff_channel=service.staff_channel
        )
    service.send()

    assert len(service.email_sender.sent) == 1
    assert service.emails.status(an_email()) == ("failed", "permanent")
    ((subject, text),) = service.staff_channel.sent
    assert subject == f"Email could not be delivered, order {ORDER}"
    assert "Reason: permanent" in text
