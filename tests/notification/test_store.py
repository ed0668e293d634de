"""What the book of mails promises, wherever it is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.notification.domain import BeingSent, Mail
from tests.notification.builders import CONTACT_ID, ORDER, a_mail
from tests.notification.fakes import FakeMails, StoredMails

Mails = FakeMails | StoredMails


def test_a_mail_is_claimed_by_one_at_a_time(mails: Mails) -> None:
    first = mails.claim(a_mail())

    assert first
    with pytest.raises(BeingSent):
        mails.claim(a_mail())
    assert mails.claim(a_mail("dispatched"))


def test_a_claim_whose_lease_ended_goes_to_the_next(mails: Mails) -> None:
    mails.claim(a_mail())

    mails.lapse()

    assert mails.claim(a_mail())


def test_a_claim_that_was_let_go_is_taken_at_once(mails: Mails) -> None:
    mails.claim(a_mail())

    mails.let_go(a_mail())

    assert mails.claim(a_mail())


def test_what_was_sent_or_failed_is_never_claimed_again(mails: Mails) -> None:
    for name in ("confirmed", "dispatched"):
        mails.claim(a_mail(name))
    mails.record_sent(a_mail("confirmed"), "message-1")
    mails.record_failed(a_mail("dispatched"), "invalid-address")
    mails.lapse()

    assert not mails.claim(a_mail("confirmed"))
    assert not mails.claim(a_mail("dispatched"))
    assert mails.status(a_mail("confirmed")) == ("sent", "message-1")
    assert mails.status(a_mail("dispatched")) == ("failed", "invalid-address")


def test_sent_is_the_last_word(mails: Mails) -> None:
    mails.claim(a_mail())
    mails.record_sent(a_mail(), "message-1")

    mails.record_failed(a_mail(), "invalid-address")
    mails.let_go(a_mail())

    assert mails.status(a_mail()) == ("sent", "message-1")
    assert not mails.claim(a_mail())


def test_but_for_a_mail_that_comes_back(mails: Mails) -> None:
    mails.claim(a_mail())
    mails.record_sent(a_mail(), "message-1")

    mails.record_returned(a_mail(), "permanent")

    assert mails.status(a_mail()) == ("failed", "permanent")
    assert not mails.claim(a_mail())


def test_whose_order_it_is_is_known_from_its_first_mail_on(mails: Mails) -> None:
    before = mails.contact_of(ORDER)
    mails.claim(a_mail("received"))

    assert before is None
    assert mails.contact_of(ORDER) == CONTACT_ID


def test_word_to_staff_is_claimed_by_its_name(mails: Mails) -> None:
    word = Mail("staff", "depleted#LAMP-1#7", "Out of stock: LAMP-1")

    assert mails.claim(word)
    mails.record_sent(word, "word-1")

    assert not mails.claim(word)
    assert mails.claim(word._replace(name="depleted#LAMP-1#9"))


@pytest.mark.cloud
def test_of_eight_that_claim_at_the_same_moment_one_has_it(stored: StoredMails) -> None:
    def claim(_: int) -> bool:
        try:
            return stored.claim(a_mail())
        except BeingSent:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]
