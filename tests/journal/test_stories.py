"""What the journal promises of what it hears, wherever it is kept."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.journal.store import JournalStore
from souk.journal.usecases import keep, read_story, read_timeline
from souk.kernel import dynamo
from souk.kernel.errors import NotFound
from souk.kernel.ids import new_id
from tests.journal.builders import ADA, BOB, a_delivered_order, a_fact
from tests.journal.conftest import Journal
from tests.journal.fakes import FakeJournal


def test_an_orders_facts_are_one_story_in_order_of_time(journal: Journal) -> None:
    said = a_delivered_order(order := new_id())

    keep(said[5:], journal=journal)
    keep(said[:5], journal=journal)

    assert [fact.id for fact in journal.story(order)] == [fact.id for fact in said]


def test_a_fact_comes_back_as_it_was_said(journal: Journal) -> None:
    order = new_id()
    fact = a_fact("PaymentAuthorized", "payment", order_id=order, amount={"amount": 5})

    keep([fact], journal=journal)

    assert journal.story(order) == [fact]


def test_a_fact_heard_twice_is_in_the_story_once(journal: Journal) -> None:
    fact = a_fact(order_id=(order := new_id()))

    keep([fact, fact], journal=journal)
    keep([fact], journal=journal)

    assert journal.story(order) == [fact]


def test_a_batch_larger_than_one_write_is_kept_whole(journal: Journal) -> None:
    order = new_id()

    keep([a_fact("Noted", second=n % 60, order_id=order) for n in range(70)], journal=journal)

    assert len(journal.story(order)) == 70


def test_what_is_about_no_order_is_in_no_story_but_is_news(journal: Journal) -> None:
    depleted = a_fact("StockDepleted", "inventory", sku="LAMP-1", turn=2)

    keep([depleted], journal=journal)

    (found,) = journal.recent(10, None)
    assert (found.fact, found.room, found.order_id) == ("StockDepleted", "inventory", None)


def test_the_news_are_newest_first_and_of_one_room_if_asked(journal: Journal) -> None:
    keep(a_delivered_order(new_id()), journal=journal)

    everything = [each.fact for each in journal.recent(3, None)]
    of_payment = [each.fact for each in journal.recent(10, "payment")]

    assert everything == ["OrderCompleted", "ParcelDelivered", "ShipmentDispatched"]
    assert of_payment == ["PaymentCaptured", "PaymentAuthorized"]


def test_an_owner_is_known_from_whatever_names_them_first(journal: Journal) -> None:
    said = a_delivered_order(order := new_id(), owner=ADA)
    keep([fact for fact in said if "owner" not in fact.data], journal=journal)

    with pytest.raises(NotFound):
        read_timeline(order, owner=ADA, journal=journal)
    keep(said[:1], journal=journal)

    assert read_timeline(order, owner=ADA, journal=journal)


def test_a_strangers_order_is_as_if_there_were_none(journal: Journal) -> None:
    keep(a_delivered_order(order := new_id(), owner=ADA), journal=journal)

    with pytest.raises(NotFound):
        read_timeline(order, owner=BOB, journal=journal)
    with pytest.raises(NotFound):
        read_timeline(new_id(), owner=BOB, journal=journal)


def test_of_an_order_nobody_spoke_of_there_is_no_story(journal: Journal) -> None:
    with pytest.raises(NotFound):
        read_story(new_id(), journal=journal)


@pytest.mark.parametrize("seed", range(3))
def test_batches_of_doubled_facts_in_any_order_make_one_story(journal: Journal, seed: int) -> None:
    said = a_delivered_order(order := new_id())
    heard = said * 3
    Random(seed).shuffle(heard)  # noqa: S311  a shuffle, no secret

    for start in range(0, len(heard), 10):
        keep(heard[start : start + 10], journal=journal)

    assert [fact.id for fact in journal.story(order)] == [fact.id for fact in said]


@given(st.data())
def test_doubled_late_and_reordered_facts_make_the_same_story(data: st.DataObject) -> None:
    said = a_delivered_order(order := new_id())
    heard = data.draw(st.permutations(said * 2))
    cut = data.draw(st.integers(0, len(heard)))
    journal = FakeJournal()

    keep(heard[:cut], journal=journal)
    keep(heard[cut:], journal=journal)

    assert [fact.id for fact in read_story(order, journal=journal)] == [fact.id for fact in said]
    assert [each.slug for each in read_timeline(order, owner=ADA, journal=journal)] == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
    ]


@pytest.mark.cloud
def test_news_have_a_bounded_number_of_rows_and_count_for_a_day(
    stored: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(150):
        keep([a_fact("StockDepleted", "inventory", sku="LAMP-1")], journal=stored)

    rows = list(dynamo.query(stored._table, "RECENT"))
    monkeypatch.setattr("souk.journal.store.FRESH", timedelta(seconds=-1))
    for _ in range(300):
        keep([a_fact("StockDepleted", "inventory", sku="LAMP-1")], journal=stored)

    assert len(rows) <= 64
    assert len(stored.recent(100, None)) < 5
