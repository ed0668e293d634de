"""Claim, send, record: each mail once, whatever is heard, killed or refused in between."""

from __future__ import annotations

import pytest

from souk.notification.domain import (
    BeingSent,
    Kind,
    NotTaken,
    OrderNotHeardOf,
    Undeliverable,
    Word,
)
from souk.notification.usecases import hear_bounced, tell_staff, write_to_customer
from tests.notification.builders import ADA, CONTACT_ID, ORDER, a_mail, a_notice
from tests.notification.fakes import FakeBoard, FakeMails, FakePost, Killed, recipient

WORD = Word("staff-depleted", "depleted#LAMP-1#7", {"sku": "LAMP-1"})


class Room:
    def __init__(self, *refuses: Exception) -> None:
        self.mails = FakeMails()
        self.post = FakePost(*refuses)
        self.board = FakeBoard()

    def hears(self, kind: Kind = Kind.CONFIRMED, contact_id: str | None = CONTACT_ID) -> None:
        write_to_customer(
            a_notice(kind, contact_id),
            mails=self.mails,
            recipient=recipient,
            post=self.post,
            board=self.board,
        )


def test_a_customer_is_written_to_at_the_address_basket_tells() -> None:
    room = Room()

    room.hears()

    ((to, letter),) = room.post.sent
    assert to == ADA.email
    assert letter.subject == f"Your order {ORDER} is confirmed"
    assert "Dear Ada Lovelace," in letter.text
    assert room.mails.status(a_mail()) == ("sent", "message-1")


def test_what_is_heard_twice_is_written_once() -> None:
    room = Room()

    room.hears()
    room.hears()

    assert len(room.post.sent) == 1


def test_while_one_is_at_it_the_other_comes_again() -> None:
    room = Room()
    room.mails.claim(a_mail())

    with pytest.raises(BeingSent):
        room.hears()

    assert room.post.sent == []


@pytest.mark.parametrize("step", ["claim", "send"])
def test_killed_before_sending_it_is_sent_once(step: str) -> None:
    room = Room()
    room.mails.dies_at = {step}
    with pytest.raises(Killed):
        room.hears()

    room.mails.lapse()
    room.hears()
    room.hears()

    assert len(room.post.sent) == 1


def test_killed_between_sending_and_recording_is_the_one_way_to_send_twice() -> None:
    room = Room()
    room.mails.dies_at = {"record"}
    with pytest.raises(Killed):
        room.hears()
    with pytest.raises(BeingSent):
        room.hears()

    room.mails.lapse()
    room.hears()
    room.hears()

    assert len(room.post.sent) == 2


def test_a_post_that_is_busy_is_tried_again_at_once_when_the_fact_comes_again() -> None:
    room = Room(NotTaken("SES: Throttling"))
    with pytest.raises(NotTaken):
        room.hears()

    room.hears()

    assert len(room.post.sent) == 1
    assert room.board.told == []


def test_an_address_the_post_refuses_ends_the_mail_and_staff_are_told_once() -> None:
    room = Room(Undeliverable("invalid-address"))

    room.hears()
    room.hears()

    assert room.post.sent == []
    assert room.mails.status(a_mail()) == ("failed", "invalid-address")
    ((subject, text),) = room.board.told
    assert subject == f"A mail could not be delivered, order {ORDER}"
    assert "Reason: invalid-address" in text
    assert ADA.email not in subject + text


def test_killed_before_the_failure_is_recorded_staff_are_still_told_once() -> None:
    room = Room(Undeliverable("invalid-address"), Undeliverable("invalid-address"))
    room.mails.dies_at = {"fail"}
    with pytest.raises(Killed):
        room.hears()

    room.mails.lapse()
    room.hears()

    assert room.mails.status(a_mail()) == ("failed", "invalid-address")
    assert len(room.board.told) == 1


def test_a_refund_waits_until_it_is_known_whose_order_it_is() -> None:
    room = Room()
    with pytest.raises(OrderNotHeardOf):
        room.hears(Kind.REFUNDED, contact_id=None)

    room.hears(Kind.CONFIRMED)
    room.hears(Kind.REFUNDED, contact_id=None)

    assert [subject.split()[1] for subject in room.post.subjects] == ["order", "refund"]


def test_staff_are_told_once_for_a_word() -> None:
    room = Room()

    for _ in range(2):
        tell_staff(WORD, mails=room.mails, board=room.board)

    ((subject, text),) = room.board.told
    assert subject == "Out of stock: LAMP-1"
    assert "SKU: LAMP-1" in text


def test_a_board_that_is_busy_is_told_when_the_fact_comes_again() -> None:
    room = Room()
    room.board = FakeBoard(NotTaken("SNS: Throttled"))
    with pytest.raises(NotTaken):
        tell_staff(WORD, mails=room.mails, board=room.board)

    tell_staff(WORD, mails=room.mails, board=room.board)

    assert len(room.board.told) == 1


def test_a_mail_that_comes_back_is_recorded_and_staff_are_told_once() -> None:
    room = Room()
    room.hears()

    for _ in range(2):
        hear_bounced(a_mail(), "permanent", mails=room.mails, board=room.board)
    room.hears()

    assert len(room.post.sent) == 1
    assert room.mails.status(a_mail()) == ("failed", "permanent")
    ((subject, text),) = room.board.told
    assert subject == f"A mail could not be delivered, order {ORDER}"
    assert "Reason: permanent" in text
