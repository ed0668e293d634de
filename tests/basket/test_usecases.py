"""What visitors do with baskets, also while other requests of theirs come in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from souk.basket.domain import (
    LIFETIME_DAYS,
    MAX_LINES,
    BasketEmpty,
    BasketFull,
    ProductDelisted,
    ProductUnknown,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.usecases import check_out, put_line, remove_line, see_basket
from souk.kernel.clock import now
from souk.kernel.errors import Busy
from souk.kernel.ids import new_id
from tests.basket.builders import (
    ADA,
    BOB,
    a_head,
    a_line,
    a_wish,
    an_offer,
    pounds,
)
from tests.basket.fakes import FakeBaskets, held, with_lamps

LAMP, RUG = an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000)


def test_nobody_has_a_basket_before_putting_something_in() -> None:
    assert see_basket(ADA, baskets=FakeBaskets(LAMP)) == (None, [])


def test_the_first_line_put_begins_a_basket() -> None:
    baskets = FakeBaskets(LAMP)

    line = put_line(ADA, "LAMP-1", 2, baskets=baskets)

    head, lines = see_basket(ADA, baskets=baskets)
    assert lines == [line]
    assert (line.line.quantity, line.line.seen_price, line.total) == (2, LAMP.price, pounds(2598))
    assert head is not None
    assert (head.owner, head.version, head.line_count) == (ADA, 1, 1)


def test_a_basket_lives_sixty_days() -> None:
    head, _ = see_basket(ADA, baskets=with_lamps())

    assert head is not None
    left = datetime.fromtimestamp(head.expires_at, UTC) - now()
    assert timedelta(days=LIFETIME_DAYS) - left < timedelta(minutes=1)


def test_putting_a_product_again_sets_how_many() -> None:
    baskets = with_lamps(2)

    put_line(ADA, "LAMP-1", 5, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 5}


def test_putting_a_product_again_accepts_its_new_price() -> None:
    baskets = with_lamps()
    baskets.learn(an_offer("LAMP-1", price=999, version=2))
    (noted,) = see_basket(ADA, baskets=baskets).lines

    accepted = put_line(ADA, "LAMP-1", 2, baskets=baskets)

    assert noted.repriced
    assert not accepted.repriced


def test_each_visitor_has_a_basket_of_their_own() -> None:
    baskets = with_lamps()

    put_line(BOB, "RUG-1", 1, baskets=baskets)

    assert (held(baskets, ADA), held(baskets, BOB)) == ({"LAMP-1": 2}, {"RUG-1": 1})


def test_a_product_not_heard_of_yet_is_refused_and_begins_nothing() -> None:
    baskets = FakeBaskets()

    with pytest.raises(ProductUnknown):
        put_line(ADA, "LAMP-1", 1, baskets=baskets)

    assert see_basket(ADA, baskets=baskets).head is None


def test_a_delisted_product_is_refused_and_stays_as_it_was_in_the_basket() -> None:
    baskets = with_lamps(2)
    baskets.learn(an_offer("LAMP-1", listed=False, version=2))

    with pytest.raises(ProductDelisted):
        put_line(ADA, "LAMP-1", 3, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 2}


def test_a_removed_line_is_gone_and_removing_it_again_is_no_mistake() -> None:
    baskets = with_lamps()
    put_line(ADA, "RUG-1", 1, baskets=baskets)

    remove_line(ADA, "LAMP-1", baskets=baskets)
    remove_line(ADA, "LAMP-1", baskets=baskets)

    assert held(baskets) == {"RUG-1": 1}


def test_who_has_no_basket_has_nothing_to_remove() -> None:
    baskets = FakeBaskets(LAMP)

    remove_line(ADA, "LAMP-1", baskets=baskets)

    assert see_basket(ADA, baskets=baskets).head is None


def test_a_full_basket_takes_no_new_line_but_changes_those_it_has() -> None:
    baskets = with_lamps(2)
    head = baskets.head(ADA)
    assert head is not None
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(BasketFull):
        put_line(ADA, "RUG-1", 1, baskets=baskets)
    put_line(ADA, "LAMP-1", 7, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 7}


def test_the_last_place_goes_to_one_of_two_tabs() -> None:
    baskets = with_lamps()
    head = baskets.head(ADA)
    assert head is not None
    baskets.set_line_count(head, MAX_LINES - 1)
    baskets.learn(an_offer("BELL-1"))
    baskets.meanwhile = [lambda: put_line(ADA, "BELL-1", 1, baskets=baskets)]

    with pytest.raises(BasketFull):
        put_line(ADA, "RUG-1", 1, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 2, "BELL-1": 1}


def test_two_tabs_beginning_at_once_fill_one_basket() -> None:
    baskets = FakeBaskets(LAMP, RUG)
    baskets.meanwhile = [lambda: put_line(ADA, "RUG-1", 1, baskets=baskets)]

    put_line(ADA, "LAMP-1", 2, baskets=baskets)

    assert held(baskets) == {"RUG-1": 1, "LAMP-1": 2}


def test_a_line_removed_in_another_tab_while_it_is_changed_is_there_again() -> None:
    baskets = with_lamps(2)
    baskets.meanwhile = [
        lambda: None,  # before it is found that the line needs no adding
        lambda: remove_line(ADA, "LAMP-1", baskets=baskets),
    ]

    put_line(ADA, "LAMP-1", 5, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 5}


def test_a_line_put_while_the_basket_is_checked_out_begins_the_next_basket() -> None:
    baskets = with_lamps(2)
    baskets.meanwhile = [lambda: check_out(ADA, "key-1", a_wish(2598), baskets=baskets)]

    put_line(ADA, "RUG-1", 1, baskets=baskets)

    assert held(baskets) == {"RUG-1": 1}
    (fact,) = baskets.said
    assert isinstance(fact, BasketCheckedOut)
    assert [line.sku for line in fact.lines] == ["LAMP-1"]


def test_a_basket_that_never_holds_still_is_called_busy_and_left_alone() -> None:
    baskets = with_lamps()
    quantities = iter(range(3, 100))

    def move() -> None:
        wish = a_wish(1299 * held(baskets)["LAMP-1"])
        check_out(ADA, new_id(), wish, baskets=baskets)
        put_line(ADA, "LAMP-1", next(quantities), baskets=baskets)

    baskets.meanwhile = [move] * 20

    with pytest.raises(Busy):
        put_line(ADA, "RUG-1", 1, baskets=baskets)

    assert list(held(baskets)) == ["LAMP-1"]


def test_an_expired_basket_is_none() -> None:
    baskets = FakeBaskets(LAMP, RUG)
    baskets.begin(a_head(expires_at=int(now().timestamp())), a_line("LAMP-1"))

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_wish(2598), baskets=baskets)
    put_line(ADA, "RUG-1", 1, baskets=baskets)

    assert held(baskets) == {"RUG-1": 1}
