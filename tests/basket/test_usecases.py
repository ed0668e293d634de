"""What visitors can do with baskets, also with concurrent requests of the same visitor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from souk.basket.domain import (
    LIFETIME_DAYS,
    MAX_LINES,
    BasketEmpty,
    BasketFull,
    DelistedProduct,
    ProductUnknown,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.usecases import check_out, get_basket, remove_line, set_quantity
from souk.kernel.clock import now
from souk.kernel.errors import Busy
from souk.kernel.ids import new_id
from tests.basket.builders import (
    ADA,
    BOB,
    a_basket_head,
    a_checkout,
    a_line,
    an_offer,
    pounds,
)
from tests.basket.fakes import FakeBaskets, baskets_with_lamps, quantities

LAMP, RUG = an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000)


def test_a_visitor_has_no_basket_before_adding_a_line() -> None:
    assert get_basket(ADA, baskets=FakeBaskets(LAMP)) == (None, [])


def test_the_first_line_creates_a_basket() -> None:
    baskets = FakeBaskets(LAMP)

    line = set_quantity(ADA, "LAMP-1", 2, baskets=baskets)

    head, lines = get_basket(ADA, baskets=baskets)
    assert lines == [line]
    assert (line.line.quantity, line.line.seen_price, line.total) == (2, LAMP.price, pounds(2598))
    assert head is not None
    assert (head.owner, head.version, head.line_count) == (ADA, 1, 1)


def test_a_basket_expires_after_sixty_days() -> None:
    head, _ = get_basket(ADA, baskets=baskets_with_lamps())

    assert head is not None
    lifetime = datetime.fromtimestamp(head.expires_at, UTC) - now()
    assert timedelta(days=LIFETIME_DAYS) - lifetime < timedelta(minutes=1)


def test_setting_the_quantity_again_replaces_it() -> None:
    baskets = baskets_with_lamps(2)

    set_quantity(ADA, "LAMP-1", 5, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 5}


def test_setting_the_quantity_again_accepts_a_new_price() -> None:
    baskets = baskets_with_lamps()
    baskets.save_offer(an_offer("LAMP-1", price=999, version=2))
    (before,) = get_basket(ADA, baskets=baskets).lines

    after = set_quantity(ADA, "LAMP-1", 2, baskets=baskets)

    assert before.has_new_price
    assert not after.has_new_price


def test_each_visitor_has_a_basket_of_their_own() -> None:
    baskets = baskets_with_lamps()

    set_quantity(BOB, "RUG-1", 1, baskets=baskets)

    assert (quantities(baskets, ADA), quantities(baskets, BOB)) == ({"LAMP-1": 2}, {"RUG-1": 1})


def test_an_unknown_product_is_refused_and_creates_no_basket() -> None:
    baskets = FakeBaskets()

    with pytest.raises(ProductUnknown):
        set_quantity(ADA, "LAMP-1", 1, baskets=baskets)

    assert get_basket(ADA, baskets=baskets).head is None


def test_the_quantity_of_a_delisted_product_cannot_be_changed() -> None:
    baskets = baskets_with_lamps(2)
    baskets.save_offer(an_offer("LAMP-1", listed=False, version=2))

    with pytest.raises(DelistedProduct):
        set_quantity(ADA, "LAMP-1", 3, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 2}


def test_removing_a_line_twice_succeeds() -> None:
    baskets = baskets_with_lamps()
    set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    remove_line(ADA, "LAMP-1", baskets=baskets)
    remove_line(ADA, "LAMP-1", baskets=baskets)

    assert quantities(baskets) == {"RUG-1": 1}


def test_removing_a_line_without_a_basket_succeeds() -> None:
    baskets = FakeBaskets(LAMP)

    remove_line(ADA, "LAMP-1", baskets=baskets)

    assert get_basket(ADA, baskets=baskets).head is None


def test_a_full_basket_accepts_no_new_line_but_new_quantities() -> None:
    baskets = baskets_with_lamps(2)
    head = baskets.get_head(ADA)
    assert head is not None
    baskets.set_line_count(head, MAX_LINES)

    with pytest.raises(BasketFull):
        set_quantity(ADA, "RUG-1", 1, baskets=baskets)
    set_quantity(ADA, "LAMP-1", 7, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 7}


def test_the_last_line_of_a_basket_goes_to_one_of_two_tabs() -> None:
    baskets = baskets_with_lamps()
    head = baskets.get_head(ADA)
    assert head is not None
    baskets.set_line_count(head, MAX_LINES - 1)
    baskets.save_offer(an_offer("BELL-1"))
    baskets.concurrent_requests = [lambda: set_quantity(ADA, "BELL-1", 1, baskets=baskets)]

    with pytest.raises(BasketFull):
        set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 2, "BELL-1": 1}


def test_two_tabs_that_add_the_first_line_at_once_share_one_basket() -> None:
    baskets = FakeBaskets(LAMP, RUG)
    baskets.concurrent_requests = [lambda: set_quantity(ADA, "RUG-1", 1, baskets=baskets)]

    set_quantity(ADA, "LAMP-1", 2, baskets=baskets)

    assert quantities(baskets) == {"RUG-1": 1, "LAMP-1": 2}


def test_a_line_removed_in_another_tab_while_it_is_changed_is_added_again() -> None:
    baskets = baskets_with_lamps(2)
    baskets.concurrent_requests = [
        lambda: None,  # before the attempt to add the line, which already exists
        lambda: remove_line(ADA, "LAMP-1", baskets=baskets),
    ]

    set_quantity(ADA, "LAMP-1", 5, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 5}


def test_a_line_added_during_a_checkout_creates_the_next_basket() -> None:
    baskets = baskets_with_lamps(2)
    baskets.concurrent_requests = [
        lambda: check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    ]

    set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    assert quantities(baskets) == {"RUG-1": 1}
    (event,) = baskets.published
    assert isinstance(event, BasketCheckedOut)
    assert [line.sku for line in event.lines] == ["LAMP-1"]


def test_a_request_fails_as_busy_when_the_basket_keeps_changing() -> None:
    baskets = baskets_with_lamps()
    new_quantities = iter(range(3, 100))

    def check_out_and_start_again() -> None:
        checkout = a_checkout(1299 * quantities(baskets)["LAMP-1"])
        check_out(ADA, new_id(), checkout, baskets=baskets)
        set_quantity(ADA, "LAMP-1", next(new_quantities), baskets=baskets)

    baskets.concurrent_requests = [check_out_and_start_again] * 20

    with pytest.raises(Busy):
        set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    assert list(quantities(baskets)) == ["LAMP-1"]


def test_an_expired_basket_cannot_be_checked_out_and_is_replaced() -> None:
    baskets = FakeBaskets(LAMP, RUG)
    baskets.create(a_basket_head(expires_at=int(now().timestamp())), a_line("LAMP-1"))

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    assert quantities(baskets) == {"RUG-1": 1}
