"""The records of emails, in the fake and in DynamoDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.notification.domain import Email, SendInProgress
from tests.notification.builders import CONTACT_ID, ORDER, an_email
from tests.notification.fakes import FakeEmails, StoredEmails

Emails = FakeEmails | StoredEmails


def test_an_email_is_claimed_by_one_invocation_at_a_time(emails: Emails) -> None:
    first = emails.claim(an_email())

    assert first
    with pytest.raises(SendInProgress):
        emails.claim(an_email())
    assert emails.claim(an_email("dispatched"))


def test_a_claim_whose_lease_expired_can_be_replaced(emails: Emails) -> None:
    emails.claim(an_email())

    emails.expire_leases()

    assert emails.claim(an_email())


def test_a_released_claim_can_be_replaced_at_once(emails: Emails) -> None:
    emails.claim(an_email())

    emails.release_claim(an_email())

    assert emails.claim(an_email())


def test_a_sent_or_failed_email_is_never_claimed_again(emails: Emails) -> None:
    for name in ("confirmed", "dispatched"):
        emails.claim(an_email(name))
    emails.record_sent(an_email("confirmed"), "message-1")
    emails.record_failed(an_email("dispatched"), "invalid-address")
    emails.expire_leases()

    assert not emails.claim(an_email("confirmed"))
    assert not emails.claim(an_email("dispatched"))
    assert emails.status(an_email("confirmed")) == ("sent", "message-1")
    assert emails.status(an_email("dispatched")) == ("failed", "invalid-address")


def test_a_sent_email_stays_sent(emails: Emails) -> None:
    emails.claim(an_email())
    emails.record_sent(an_email(), "message-1")

    emails.record_failed(an_email(), "invalid-address")
    emails.release_claim(an_email())

    assert emails.status(an_email()) == ("sent", "message-1")
    assert not emails.claim(an_email())


def test_a_bounced_email_becomes_failed(emails: Emails) -> None:
    emails.claim(an_email())
    emails.record_sent(an_email(), "message-1")

    emails.record_bounced(an_email(), "permanent")

    assert emails.status(an_email()) == ("failed", "permanent")
    assert not emails.claim(an_email())


def test_the_contact_of_an_order_is_known_from_its_first_email_on(emails: Emails) -> None:
    before = emails.contact_of(ORDER)
    emails.claim(an_email("received"))

    assert before is None
    assert emails.contact_of(ORDER) == CONTACT_ID


def test_a_staff_message_is_claimed_by_its_name(emails: Emails) -> None:
    message = Email("staff", "depleted#LAMP-1#7", "Out of stock: LAMP-1")

    assert emails.claim(message)
    emails.record_sent(message, "message-1")

    assert not emails.claim(message)
    assert emails.claim(message._replace(name="depleted#LAMP-1#9"))


@pytest.mark.cloud
def test_one_of_eight_concurrent_claims_succeeds(stored: StoredEmails) -> None:
    def claim(_: int) -> bool:
        try:
            return stored.claim(an_email())
        except SendInProgress:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]
