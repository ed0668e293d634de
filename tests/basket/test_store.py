"""What baskets promise, wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.basket.domain import MAX_LINES, BasketFull, BasketMoved, Contact, Head, Line, Receipt
from souk.basket.usecases import check_out, put_line, remove_line, see_basket
from souk.kernel.clock import now
from tests.basket.builders import (
    ADA,
    BOB,
    STANDARD,
    a_checkout_of,
    a_contact,
    a_head,
    a_line,
    a_rate,
    a_receipt,
    a_wish,
    an_offer,
    an_option,
)
from tests.basket.fakes import FakeBaskets, StoredBaskets
from tests.kernel.tables import twin

Baskets = FakeBaskets | StoredBaskets


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def baskets(request: pytest.FixtureRequest) -> Baskets:
    if request.param == "in memory":
        return FakeBaskets()
    stored: StoredBaskets = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredBaskets]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["BasketTable"]) as table:
        baskets = StoredBaskets(table)
        baskets.learn_option(STANDARD)
        yield baskets


def begun(baskets: Baskets, *, owner: str = ADA, line: Line | None = None) -> Head:
    """A new basket with one line."""
    head = a_head(owner)
    baskets.begin(head, line or a_line("LAMP-1"))
    return head


def as_it_is(baskets: Baskets, owner: str = ADA) -> Head:
    head = baskets.head(owner)
    assert head is not None
    return head


def skus(baskets: Baskets, head: Head) -> set[str]:
    return {line.sku for line in baskets.lines(head.basket_id)}


def closed(baskets: Baskets, head: Head, key: str = "key-1") -> tuple[Receipt, Contact]:
    receipt, contact = a_receipt(), a_contact()
    baskets.close(head, key, receipt, contact, a_checkout_of(head, receipt, contact))
    return receipt, contact


def test_nothing_is_known_of_a_visitor_who_never_came(baskets: Baskets) -> None:
    assert baskets.head(ADA) is None
    assert baskets.offer_and_head(ADA, "LAMP-1") == (None, None)
    assert baskets.receipt_and_head(ADA, "key-1") == (None, None)


def test_a_basket_is_read_as_it_was_begun(baskets: Baskets) -> None:
    line = a_line("LAMP-1", quantity=3, seen=1299)

    head = begun(baskets, line=line)

    assert baskets.head(ADA) == head
    assert baskets.lines(head.basket_id) == [line]
    assert baskets.offer_and_head(ADA, "LAMP-1") == (None, head)
    assert baskets.receipt_and_head(ADA, "key-1") == (None, head)
    assert baskets.head(BOB) is None


def test_the_second_of_two_first_lines_finds_the_basket_begun(baskets: Baskets) -> None:
    first = begun(baskets)

    with pytest.raises(BasketMoved):
        begun(baskets, line=a_line("RUG-1"))

    assert baskets.head(ADA) == first
    assert skus(baskets, first) == {"LAMP-1"}


def test_every_change_of_a_line_counts(baskets: Baskets) -> None:
    head = begun(baskets)

    assert baskets.add(head, a_line("RUG-1"))
    assert (as_it_is(baskets).version, as_it_is(baskets).line_count) == (2, 2)
    assert baskets.change(head, a_line("RUG-1", quantity=9))
    assert (as_it_is(baskets).version, as_it_is(baskets).line_count) == (3, 2)
    assert baskets.remove(head, "LAMP-1")
    assert (as_it_is(baskets).version, as_it_is(baskets).line_count) == (4, 1)

    assert baskets.lines(head.basket_id) == [a_line("RUG-1", quantity=9)]


def test_what_changes_no_line_counts_nothing(baskets: Baskets) -> None:
    head = begun(baskets, line=a_line("LAMP-1", quantity=2))

    assert not baskets.add(head, a_line("LAMP-1", quantity=9))
    assert not baskets.change(head, a_line("RUG-1", quantity=9))
    assert not baskets.remove(head, "RUG-1")

    assert baskets.head(ADA) == head
    assert baskets.lines(head.basket_id) == [a_line("LAMP-1", quantity=2)]


def test_a_changed_line_keeps_its_place_and_gets_todays_price(baskets: Baskets) -> None:
    head = begun(baskets, line=a_line(quantity=1, seen=1000, added_at="2026-11-01"))

    baskets.change(head, a_line(quantity=2, seen=900, added_at="2026-11-02"))

    assert baskets.lines(head.basket_id) == [a_line(quantity=2, seen=900, added_at="2026-11-01")]


def test_two_tabs_may_add_at_the_same_time(baskets: Baskets) -> None:
    head = begun(baskets)

    assert baskets.add(head, a_line("RUG-1"))
    assert baskets.add(head, a_line("BELL-1"))

    assert as_it_is(baskets).line_count == 3


def test_a_full_basket_takes_no_line_more(baskets: Baskets) -> None:
    head = begun(baskets, line=a_line("LAMP-1", quantity=2))
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(BasketMoved):
        baskets.add(head, a_line("RUG-1"))
    assert baskets.change(head, a_line("LAMP-1", quantity=5))

    assert baskets.lines(head.basket_id) == [a_line("LAMP-1", quantity=5)]
    assert as_it_is(baskets).line_count == MAX_LINES


def test_a_visitor_with_a_full_basket_is_told_so(baskets: Baskets) -> None:
    baskets.learn(an_offer("RUG-1"))
    head = begun(baskets)
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(BasketFull):
        put_line(ADA, "RUG-1", 1, baskets=baskets)


def test_a_basket_that_expired_is_none_though_its_rows_are_still_there(baskets: Baskets) -> None:
    expired = a_head(expires_at=int(now().timestamp()))
    baskets.begin(expired, a_line("LAMP-1"))

    assert baskets.head(ADA) is None
    assert baskets.offer_and_head(ADA, "LAMP-1")[1] is None
    assert baskets.receipt_and_head(ADA, "key-1")[1] is None


def test_an_expired_basket_gives_way_to_a_new_one(baskets: Baskets) -> None:
    baskets.begin(a_head(expires_at=int(now().timestamp())), a_line("LAMP-1"))

    fresh = begun(baskets, line=a_line("RUG-1"))

    assert baskets.head(ADA) == fresh
    assert skus(baskets, fresh) == {"RUG-1"}


def test_closing_a_basket_keeps_receipt_contact_and_fact_together(baskets: Baskets) -> None:
    head = begun(baskets)

    receipt, contact = closed(baskets, head)

    assert baskets.receipt_and_head(ADA, "key-1") == (receipt, None)
    assert baskets.contacts([contact.contact_id, "never-left"]) == [contact]
    assert baskets.said == [a_checkout_of(head, receipt, contact)]


def test_a_closed_basket_takes_nothing_any_more(baskets: Baskets) -> None:
    head = begun(baskets)
    closed(baskets, head)

    with pytest.raises(BasketMoved):
        baskets.add(head, a_line("RUG-1"))
    with pytest.raises(BasketMoved):
        baskets.change(head, a_line("LAMP-1", quantity=9))
    with pytest.raises(BasketMoved):
        baskets.remove(head, "LAMP-1")
    with pytest.raises(BasketMoved):
        closed(baskets, head, key="key-2")

    assert baskets.lines(head.basket_id) == [a_line("LAMP-1")]
    assert len(baskets.said) == 1


def test_a_change_meant_for_a_closed_basket_does_not_reach_the_next(baskets: Baskets) -> None:
    old = begun(baskets)
    closed(baskets, old)
    fresh = begun(baskets, line=a_line("RUG-1"))

    with pytest.raises(BasketMoved):
        baskets.add(old, a_line("BELL-1"))
    with pytest.raises(BasketMoved):
        closed(baskets, old, key="key-2")

    assert baskets.head(ADA) == fresh
    assert skus(baskets, fresh) == {"RUG-1"}


def test_the_second_of_two_writers_is_refused_and_leaves_nothing(baskets: Baskets) -> None:
    seen = begun(baskets)
    baskets.add(seen, a_line("RUG-1"))

    with pytest.raises(BasketMoved):
        closed(baskets, seen)

    assert baskets.receipt_and_head(ADA, "key-1") == (None, as_it_is(baskets))
    assert baskets.said == []


def test_a_key_is_bound_once(baskets: Baskets) -> None:
    receipt, _ = closed(baskets, begun(baskets), key="key-1")
    second = begun(baskets)

    with pytest.raises(BasketMoved):
        closed(baskets, second, key="key-1")

    assert baskets.receipt_and_head(ADA, "key-1") == (receipt, second)
    assert len(baskets.said) == 1


def test_a_strangers_key_is_another_key(baskets: Baskets) -> None:
    adas, _ = closed(baskets, begun(baskets, owner=ADA), key="key-1")
    bobs, _ = closed(baskets, begun(baskets, owner=BOB), key="key-1")

    assert baskets.receipt_and_head(ADA, "key-1")[0] == adas
    assert baskets.receipt_and_head(BOB, "key-1")[0] == bobs


@pytest.mark.parametrize("late", [1, 2])
def test_an_offer_as_new_as_the_known_one_changes_nothing(baskets: Baskets, late: int) -> None:
    known = an_offer(price=2, version=2)
    baskets.learn(known)

    baskets.learn(an_offer(price=1, version=late))
    assert baskets.offers(["LAMP-1"]) == {"LAMP-1": known}

    newer = an_offer(price=3, version=3, listed=False)
    baskets.learn(newer)
    assert baskets.offers(["LAMP-1"]) == {"LAMP-1": newer}


def test_what_is_sold_out_is_kept_beside_the_offer_whichever_is_heard_first(
    baskets: Baskets,
) -> None:
    baskets.note_stock("RUG-1", 2, sold_out=True)
    assert baskets.offers(["RUG-1"]) == {}
    assert baskets.offer_and_head(ADA, "RUG-1") == (None, None)
    baskets.learn(an_offer("RUG-1"))
    baskets.learn(an_offer("LAMP-1"))
    baskets.note_stock("LAMP-1", 2, sold_out=True)

    for sku in ("RUG-1", "LAMP-1"):
        gone = an_offer(sku, sold_out=True)
        assert baskets.offers([sku]) == {sku: gone}
        assert baskets.offer_and_head(ADA, sku) == (gone, None)


def test_a_new_price_changes_nothing_of_what_is_sold_out_and_the_other_way_round(
    baskets: Baskets,
) -> None:
    baskets.learn(an_offer(price=1, version=7))
    baskets.note_stock("LAMP-1", 2, sold_out=True)
    baskets.learn(an_offer(price=2, version=8))
    assert baskets.offers(["LAMP-1"]) == {
        "LAMP-1": an_offer(price=2, version=8, sold_out=True),
    }

    baskets.note_stock("LAMP-1", 3, sold_out=False)
    assert baskets.offers(["LAMP-1"]) == {"LAMP-1": an_offer(price=2, version=8)}


@pytest.mark.parametrize("late", [1, 2])
def test_a_turn_of_stock_heard_late_or_twice_changes_nothing(baskets: Baskets, late: int) -> None:
    baskets.learn(an_offer())
    baskets.note_stock("LAMP-1", 2, sold_out=True)

    baskets.note_stock("LAMP-1", late, sold_out=False)

    assert baskets.offers(["LAMP-1"])["LAMP-1"].sold_out


def test_offers_are_found_however_many_are_asked_for(baskets: Baskets) -> None:
    known = [an_offer(f"SKU-{number}", name=f"Näme {number}") for number in range(120)]
    for offer in known:
        baskets.learn(offer)

    found = baskets.offers([offer.sku for offer in known] + ["NOT-KNOWN"])

    assert found == {offer.sku: offer for offer in known}


def test_a_shipping_option_is_kept_as_the_highest_version_of_it_says(baskets: Baskets) -> None:
    first = an_option("express", a_rate("GB", 795, up_to=2000), a_rate("*", 2995))
    third = an_option("express", a_rate("GB", 895), name="Next day", offered=False, version=3)
    second = an_option("express", a_rate("GB", 100), version=2)
    for option in (first, third, second, third):
        baskets.learn_option(option)

    found = {option.option: option for option in baskets.shipping_options()}

    assert found == {"express": third, "standard": STANDARD}


def test_a_visit_from_the_first_line_to_checkout(baskets: Baskets) -> None:
    for offer in (an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000)):
        baskets.learn(offer)

    put_line(ADA, "LAMP-1", 1, baskets=baskets)
    put_line(ADA, "RUG-1", 1, baskets=baskets)
    put_line(ADA, "LAMP-1", 2, baskets=baskets)
    remove_line(ADA, "RUG-1", baskets=baskets)
    receipt = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)
    again = check_out(ADA, "key-1", a_wish(2598), baskets=baskets)

    assert receipt == again
    assert see_basket(ADA, baskets=baskets) == (None, [])
    assert len(baskets.said) == 1


@pytest.mark.cloud
def test_lines_put_by_six_tabs_at_the_same_moment_are_all_in_one_basket(
    stored: StoredBaskets,
) -> None:
    wanted = [f"SKU-{number}" for number in range(6)]
    for sku in wanted:
        stored.learn(an_offer(sku))

    with ThreadPoolExecutor(6) as tabs:
        list(tabs.map(lambda sku: put_line(ADA, sku, 1, baskets=stored), wanted))

    head, lines = see_basket(ADA, baskets=stored)
    assert head is not None
    assert {each.line.sku for each in lines} == set(wanted)
    assert (head.line_count, head.version) == (6, 6)


@pytest.mark.cloud
def test_six_clicks_at_the_same_moment_are_one_checkout(stored: StoredBaskets) -> None:
    stored.learn(an_offer("LAMP-1", price=1299))
    put_line(ADA, "LAMP-1", 2, baskets=stored)

    def click(_: int) -> Receipt:
        return check_out(ADA, "key-1", a_wish(2598), baskets=stored)

    with ThreadPoolExecutor(6) as clicks:
        receipts = list(clicks.map(click, range(6)))

    assert receipts == [receipts[0]] * 6
    assert len(stored.said) == 1
