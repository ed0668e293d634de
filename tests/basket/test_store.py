"""The contract of a basket store: one suite for the fake and for DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.basket.domain import (
    MAX_LINES,
    BasketFull,
    BasketHead,
    BasketLine,
    CheckoutRecord,
    ContactRecord,
)
from souk.basket.usecases import check_out, get_basket, remove_line, set_quantity
from souk.kernel.clock import now
from souk.kernel.errors import ConcurrentUpdate
from tests.basket.builders import (
    ADA,
    BOB,
    STANDARD,
    a_basket_head,
    a_checked_out_event,
    a_checkout,
    a_checkout_record,
    a_contact,
    a_line,
    a_rate,
    a_shipping_option,
    an_offer,
)
from tests.basket.fakes import FakeBaskets, StoredBaskets
from tests.kernel.tables import temporary_table

Baskets = FakeBaskets | StoredBaskets


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def baskets(request: pytest.FixtureRequest) -> Baskets:
    if request.param == "in memory":
        return FakeBaskets()
    stored: StoredBaskets = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredBaskets]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["BasketTable"]) as table:
        baskets = StoredBaskets(table)
        baskets.save_shipping_option(STANDARD)
        yield baskets


def create_basket(
    baskets: Baskets, *, owner: str = ADA, line: BasketLine | None = None
) -> BasketHead:
    """Store a new basket with one line."""
    head = a_basket_head(owner)
    baskets.create(head, line or a_line("LAMP-1"))
    return head


def get_head(baskets: Baskets, owner: str = ADA) -> BasketHead:
    head = baskets.get_head(owner)
    assert head is not None
    return head


def skus(baskets: Baskets, head: BasketHead) -> set[str]:
    return {line.sku for line in baskets.get_lines(head.basket_id)}


def close_basket(
    baskets: Baskets, head: BasketHead, key: str = "key-1"
) -> tuple[CheckoutRecord, ContactRecord]:
    record, contact = a_checkout_record(), a_contact()
    baskets.close(head, key, record, contact, a_checked_out_event(head, record, contact))
    return record, contact


def test_a_new_visitor_has_no_basket_and_no_checkout_record(baskets: Baskets) -> None:
    assert baskets.get_head(ADA) is None
    assert baskets.get_offer_and_head(ADA, "LAMP-1") == (None, None)
    assert baskets.get_record_and_head(ADA, "key-1") == (None, None)


def test_a_basket_is_read_as_it_was_created(baskets: Baskets) -> None:
    line = a_line("LAMP-1", quantity=3, seen_price=1299)

    head = create_basket(baskets, line=line)

    assert baskets.get_head(ADA) == head
    assert baskets.get_lines(head.basket_id) == [line]
    assert baskets.get_offer_and_head(ADA, "LAMP-1") == (None, head)
    assert baskets.get_record_and_head(ADA, "key-1") == (None, head)
    assert baskets.get_head(BOB) is None


def test_an_owner_has_only_one_open_basket(baskets: Baskets) -> None:
    first = create_basket(baskets)

    with pytest.raises(ConcurrentUpdate):
        create_basket(baskets, line=a_line("RUG-1"))

    assert baskets.get_head(ADA) == first
    assert skus(baskets, first) == {"LAMP-1"}


def test_every_change_of_a_line_increases_the_version(baskets: Baskets) -> None:
    head = create_basket(baskets)

    assert baskets.add_line(head, a_line("RUG-1"))
    assert (get_head(baskets).version, get_head(baskets).line_count) == (2, 2)
    assert baskets.update_line(head, a_line("RUG-1", quantity=9))
    assert (get_head(baskets).version, get_head(baskets).line_count) == (3, 2)
    assert baskets.remove_line(head, "LAMP-1")
    assert (get_head(baskets).version, get_head(baskets).line_count) == (4, 1)

    assert baskets.get_lines(head.basket_id) == [a_line("RUG-1", quantity=9)]


def test_a_call_that_changes_no_line_leaves_the_version(baskets: Baskets) -> None:
    head = create_basket(baskets, line=a_line("LAMP-1", quantity=2))

    assert not baskets.add_line(head, a_line("LAMP-1", quantity=9))
    assert not baskets.update_line(head, a_line("RUG-1", quantity=9))
    assert not baskets.remove_line(head, "RUG-1")

    assert baskets.get_head(ADA) == head
    assert baskets.get_lines(head.basket_id) == [a_line("LAMP-1", quantity=2)]


def test_an_updated_line_keeps_its_position_and_gets_the_current_price(baskets: Baskets) -> None:
    head = create_basket(baskets, line=a_line(quantity=1, seen_price=1000, added_at="2026-11-01"))

    baskets.update_line(head, a_line(quantity=2, seen_price=900, added_at="2026-11-02"))

    assert baskets.get_lines(head.basket_id) == [
        a_line(quantity=2, seen_price=900, added_at="2026-11-01")
    ]


def test_two_tabs_can_add_lines_at_the_same_time(baskets: Baskets) -> None:
    head = create_basket(baskets)

    assert baskets.add_line(head, a_line("RUG-1"))
    assert baskets.add_line(head, a_line("BELL-1"))

    assert get_head(baskets).line_count == 3


def test_a_full_basket_accepts_no_further_line(baskets: Baskets) -> None:
    head = create_basket(baskets, line=a_line("LAMP-1", quantity=2))
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(ConcurrentUpdate):
        baskets.add_line(head, a_line("RUG-1"))
    assert baskets.update_line(head, a_line("LAMP-1", quantity=5))

    assert baskets.get_lines(head.basket_id) == [a_line("LAMP-1", quantity=5)]
    assert get_head(baskets).line_count == MAX_LINES


def test_adding_a_line_to_a_full_basket_raises_basket_full(baskets: Baskets) -> None:
    baskets.save_offer(an_offer("RUG-1"))
    head = create_basket(baskets)
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(BasketFull):
        set_quantity(ADA, "RUG-1", 1, baskets=baskets)


def test_an_expired_basket_is_ignored_while_its_rows_still_exist(baskets: Baskets) -> None:
    expired = a_basket_head(expires_at=int(now().timestamp()))
    baskets.create(expired, a_line("LAMP-1"))

    assert baskets.get_head(ADA) is None
    assert baskets.get_offer_and_head(ADA, "LAMP-1")[1] is None
    assert baskets.get_record_and_head(ADA, "key-1")[1] is None


def test_an_expired_basket_is_replaced_by_a_new_one(baskets: Baskets) -> None:
    baskets.create(a_basket_head(expires_at=int(now().timestamp())), a_line("LAMP-1"))

    new = create_basket(baskets, line=a_line("RUG-1"))

    assert baskets.get_head(ADA) == new
    assert skus(baskets, new) == {"RUG-1"}


def test_closing_a_basket_stores_record_contact_and_event_together(baskets: Baskets) -> None:
    head = create_basket(baskets)

    record, contact = close_basket(baskets, head)

    assert baskets.get_record_and_head(ADA, "key-1") == (record, None)
    assert baskets.get_contacts([contact.contact_id, "unknown"]) == [contact]
    assert baskets.published == [a_checked_out_event(head, record, contact)]


def test_a_closed_basket_cannot_be_changed(baskets: Baskets) -> None:
    head = create_basket(baskets)
    close_basket(baskets, head)

    with pytest.raises(ConcurrentUpdate):
        baskets.add_line(head, a_line("RUG-1"))
    with pytest.raises(ConcurrentUpdate):
        baskets.update_line(head, a_line("LAMP-1", quantity=9))
    with pytest.raises(ConcurrentUpdate):
        baskets.remove_line(head, "LAMP-1")
    with pytest.raises(ConcurrentUpdate):
        close_basket(baskets, head, key="key-2")

    assert baskets.get_lines(head.basket_id) == [a_line("LAMP-1")]
    assert len(baskets.published) == 1


def test_a_change_of_a_closed_basket_does_not_affect_the_next_one(baskets: Baskets) -> None:
    old = create_basket(baskets)
    close_basket(baskets, old)
    new = create_basket(baskets, line=a_line("RUG-1"))

    with pytest.raises(ConcurrentUpdate):
        baskets.add_line(old, a_line("BELL-1"))
    with pytest.raises(ConcurrentUpdate):
        close_basket(baskets, old, key="key-2")

    assert baskets.get_head(ADA) == new
    assert skus(baskets, new) == {"RUG-1"}


def test_a_basket_changed_since_it_was_read_cannot_be_closed(baskets: Baskets) -> None:
    head = create_basket(baskets)
    baskets.add_line(head, a_line("RUG-1"))

    with pytest.raises(ConcurrentUpdate):
        close_basket(baskets, head)

    assert baskets.get_record_and_head(ADA, "key-1") == (None, get_head(baskets))
    assert baskets.published == []


def test_a_key_is_bound_only_once(baskets: Baskets) -> None:
    record, _ = close_basket(baskets, create_basket(baskets), key="key-1")
    second = create_basket(baskets)

    with pytest.raises(ConcurrentUpdate):
        close_basket(baskets, second, key="key-1")

    assert baskets.get_record_and_head(ADA, "key-1") == (record, second)
    assert len(baskets.published) == 1


def test_the_same_key_of_another_visitor_is_a_different_key(baskets: Baskets) -> None:
    ada_record, _ = close_basket(baskets, create_basket(baskets, owner=ADA), key="key-1")
    bob_record, _ = close_basket(baskets, create_basket(baskets, owner=BOB), key="key-1")

    assert baskets.get_record_and_head(ADA, "key-1")[0] == ada_record
    assert baskets.get_record_and_head(BOB, "key-1")[0] == bob_record


@pytest.mark.parametrize("version", [1, 2])
def test_an_offer_of_the_same_or_an_older_version_changes_nothing(
    baskets: Baskets, version: int
) -> None:
    stored_offer = an_offer(price=2, version=2)
    baskets.save_offer(stored_offer)

    baskets.save_offer(an_offer(price=1, version=version))
    assert baskets.get_offers(["LAMP-1"]) == {"LAMP-1": stored_offer}

    newer = an_offer(price=3, version=3, listed=False)
    baskets.save_offer(newer)
    assert baskets.get_offers(["LAMP-1"]) == {"LAMP-1": newer}


def test_availability_and_offer_can_arrive_in_any_order(
    baskets: Baskets,
) -> None:
    baskets.save_availability("RUG-1", 2, sold_out=True)
    assert baskets.get_offers(["RUG-1"]) == {}
    assert baskets.get_offer_and_head(ADA, "RUG-1") == (None, None)
    baskets.save_offer(an_offer("RUG-1"))
    baskets.save_offer(an_offer("LAMP-1"))
    baskets.save_availability("LAMP-1", 2, sold_out=True)

    for sku in ("RUG-1", "LAMP-1"):
        sold_out = an_offer(sku, sold_out=True)
        assert baskets.get_offers([sku]) == {sku: sold_out}
        assert baskets.get_offer_and_head(ADA, sku) == (sold_out, None)


def test_price_and_availability_change_independently(
    baskets: Baskets,
) -> None:
    baskets.save_offer(an_offer(price=1, version=7))
    baskets.save_availability("LAMP-1", 2, sold_out=True)
    baskets.save_offer(an_offer(price=2, version=8))
    assert baskets.get_offers(["LAMP-1"]) == {
        "LAMP-1": an_offer(price=2, version=8, sold_out=True),
    }

    baskets.save_availability("LAMP-1", 3, sold_out=False)
    assert baskets.get_offers(["LAMP-1"]) == {"LAMP-1": an_offer(price=2, version=8)}


@pytest.mark.parametrize("version", [1, 2])
def test_availability_of_the_same_or_an_older_version_changes_nothing(
    baskets: Baskets, version: int
) -> None:
    baskets.save_offer(an_offer())
    baskets.save_availability("LAMP-1", 2, sold_out=True)

    baskets.save_availability("LAMP-1", version, sold_out=False)

    assert baskets.get_offers(["LAMP-1"])["LAMP-1"].sold_out


def test_more_offers_than_one_batch_can_be_read(baskets: Baskets) -> None:
    offers = [an_offer(f"SKU-{number}", name=f"Näme {number}") for number in range(120)]
    for offer in offers:
        baskets.save_offer(offer)

    found = baskets.get_offers([offer.sku for offer in offers] + ["UNKNOWN"])

    assert found == {offer.sku: offer for offer in offers}


def test_a_shipping_option_is_stored_in_its_highest_version(baskets: Baskets) -> None:
    first = a_shipping_option("express", a_rate("GB", 795, max_grams=2000), a_rate("*", 2995))
    third = a_shipping_option(
        "express", a_rate("GB", 895), name="Next day", offered=False, version=3
    )
    second = a_shipping_option("express", a_rate("GB", 100), version=2)
    for option in (first, third, second, third):
        baskets.save_shipping_option(option)

    found = {option.option_id: option for option in baskets.get_shipping_options()}

    assert found == {"express": third, "standard": STANDARD}


def test_a_visit_from_the_first_line_to_a_repeated_checkout(baskets: Baskets) -> None:
    for offer in (an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000)):
        baskets.save_offer(offer)

    set_quantity(ADA, "LAMP-1", 1, baskets=baskets)
    set_quantity(ADA, "RUG-1", 1, baskets=baskets)
    set_quantity(ADA, "LAMP-1", 2, baskets=baskets)
    remove_line(ADA, "RUG-1", baskets=baskets)
    record = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    repeated = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    assert record == repeated
    assert get_basket(ADA, baskets=baskets) == (None, [])
    assert len(baskets.published) == 1


@pytest.mark.cloud
def test_lines_added_by_six_tabs_at_once_are_all_in_one_basket(
    stored: StoredBaskets,
) -> None:
    skus = [f"SKU-{number}" for number in range(6)]
    for sku in skus:
        stored.save_offer(an_offer(sku))

    with ThreadPoolExecutor(6) as tabs:
        list(tabs.map(lambda sku: set_quantity(ADA, sku, 1, baskets=stored), skus))

    head, lines = get_basket(ADA, baskets=stored)
    assert head is not None
    assert {each.line.sku for each in lines} == set(skus)
    assert (head.line_count, head.version) == (6, 6)


@pytest.mark.cloud
def test_six_simultaneous_clicks_are_one_checkout(stored: StoredBaskets) -> None:
    stored.save_offer(an_offer("LAMP-1", price=1299))
    set_quantity(ADA, "LAMP-1", 2, baskets=stored)

    def click(_: int) -> CheckoutRecord:
        return check_out(ADA, "key-1", a_checkout(2598), baskets=stored)

    with ThreadPoolExecutor(6) as clicks:
        records = list(clicks.map(click, range(6)))

    assert records == [records[0]] * 6
    assert len(stored.published) == 1
