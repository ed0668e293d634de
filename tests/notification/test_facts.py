"""What is heard, in whatever order and however often, and what is written of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.inventory.events import StockDepleted
from souk.kernel.facts import Fact
from souk.notification.domain import BeingSent, OrderNotHeardOf
from tests.notification.builders import (
    CANCELLED,
    CONFIRMED,
    DISPATCHED,
    ORDER,
    PLACED,
    RETURNED,
    refunded,
    rejected,
)
from tests.notification.conftest import Room
from tests.notification.fakes import Killed

STORY: list[Fact] = [
    PLACED,
    CONFIRMED,
    DISPATCHED,
    CANCELLED,
    RETURNED,
    refunded("return-1"),
    refunded("return-2"),
    rejected("payment-declined"),
    StockDepleted(sku="LAMP-1", turn=1),
    StockDepleted(sku="LAMP-1", turn=3),
]


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (PLACED, ["received your order", "Products: 3", "Total:    £1,234.50"]),
        (CONFIRMED, ["is confirmed", "Total:     £1,234.50", "12 St James's Square, London"]),
        (rejected("out-of-stock"), ["cannot fulfil", "there was not enough left. You were not"]),
        (DISPATCHED, ["is on its way", "Caravan", "CRV-42", "24 November 2026, 22:45 UTC"]),
        (CANCELLED, ["is cancelled", "24 November 2026, 22:45 UTC"]),
        (RETURNED, ["accepted your return", "return-1", "Pieces:   3", "£50.00"]),
    ],
)
def test_a_mail_says_what_its_fact_knows(room: Room, fact: Fact, said: list[str]) -> None:
    room.hears(fact)

    ((_, letter),) = room.post.sent
    whole = " ".join(f"{letter.subject}\n{letter.text}".split())
    for each in (*said, ORDER):
        assert " ".join(each.split()) in whole


def test_a_refund_is_written_about_once_it_is_known_whose_order_it_is(room: Room) -> None:
    room.hears(CONFIRMED)

    room.hears(refunded("return-1", 5000))
    room.hears(refunded("return-2", 1250))
    room.hears(refunded("return-1", 5000))

    texts = [letter.text for _, letter in room.post.sent[1:]]
    assert ["£50.00" in texts[0], "£12.50" in texts[1], len(texts)] == [True, True, 2]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("payment-declined", True),
        ("payment-unresolved", True),
        ("not-possible", True),
        ("out-of-stock", False),
        ("reservation-lapsed", False),
    ],
)
def test_staff_hear_of_orders_rejected_for_their_payment_or_by_our_fault(
    room: Room, reason: str, told: bool
) -> None:
    room.hears(rejected(reason))

    assert [subject for subject, _ in room.board.told] == (
        [f"Rejected, order {ORDER}: {reason}"] if told else []
    )
    assert len(room.post.sent) == 1


def test_staff_hear_of_each_time_a_product_is_sold_out(room: Room) -> None:
    for turn in (1, 3, 1):
        room.hears(StockDepleted(sku="LAMP-1", turn=turn))

    assert [subject for subject, _ in room.board.told] == ["Out of stock: LAMP-1"] * 2


def hear_until_done(room: Room, facts: list[Fact], deaths: list[str]) -> None:
    """As a queue does: what was not handled comes again, some time later."""
    waiting = list(facts)
    while waiting:
        fact = waiting.pop(0)
        room.mails.dies_at = {deaths.pop()} if deaths else set()
        try:
            room.hears(fact)
        except (BeingSent, OrderNotHeardOf, Killed):
            waiting.append(fact)
            room.mails.pass_time(15)


@given(data=st.data())
def test_doubled_late_and_reordered_facts_are_one_mail_each(data: st.DataObject) -> None:
    twice = data.draw(st.lists(st.sampled_from(STORY), max_size=8))
    heard = data.draw(st.permutations([*STORY, *twice]))
    deaths = data.draw(st.lists(st.sampled_from(["claim", "send"]), max_size=5))
    room = Room()

    hear_until_done(room, heard, deaths)

    assert Counter(room.post.subjects) == {
        f"We have received your order {ORDER}": 1,
        f"Your order {ORDER} is confirmed": 1,
        f"Your order {ORDER} is on its way": 1,
        f"Your order {ORDER} is cancelled": 1,
        f"We have accepted your return of order {ORDER}": 1,
        f"Your refund for order {ORDER}": 2,
        f"We cannot fulfil your order {ORDER}": 1,
    }
    assert len(room.board.told) == 3
    assert {row.status for row in room.mails.rows.values()} == {"sent"}


@given(data=st.data())
def test_each_death_between_sending_and_recording_sends_once_more_at_most(
    data: st.DataObject,
) -> None:
    heard = data.draw(st.permutations(STORY))
    deaths = data.draw(st.lists(st.sampled_from(["claim", "send", "record"]), max_size=6))
    died_late = deaths.count("record")
    room = Room()

    hear_until_done(room, heard, deaths)

    sent = len(room.post.sent) + len(room.board.told)
    assert 11 <= sent <= 11 + died_late
    assert {row.status for row in room.mails.rows.values()} == {"sent"}
