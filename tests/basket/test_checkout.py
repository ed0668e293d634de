"""A checkout publishes its event exactly once, also when other requests come in between."""

from __future__ import annotations

import json

import msgspec
import pytest

from souk.basket.domain import BasketEmpty, BasketLine, ContactRecord, TotalChanged
from souk.basket.events import BasketCheckedOut, OrderLine
from souk.basket.usecases import check_out, get_basket, remove_line, set_quantity
from souk.kernel.errors import IdempotencyKeyReused, InvalidRequest
from tests.basket.builders import ADA, BOB, SHIPPING_PENCE, a_checkout, an_offer, pounds
from tests.basket.fakes import FakeBaskets, baskets_with_lamps, quantities


def test_a_checkout_publishes_the_lines_and_total_agreed() -> None:
    baskets = baskets_with_lamps(2)

    record = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    (event,) = baskets.published
    assert isinstance(event, BasketCheckedOut)
    assert record.total == event.total == pounds(2598 + SHIPPING_PENCE)
    assert event == BasketCheckedOut(
        order_id=record.order_id,
        owner=ADA,
        contact_id=event.contact_id,
        lines=[
            OrderLine(sku="LAMP-1", name="Name of LAMP-1", quantity=2, unit_price=pounds(1299)),
        ],
        shipping_option="standard",
        shipping=pounds(SHIPPING_PENCE),
        total=record.total,
        payment_token="tok_visa",
        checked_out_at=event.checked_out_at,
    )
    assert get_basket(ADA, baskets=baskets) == (None, [])


def test_a_checkouts_contact_is_stored_and_only_its_id_is_published() -> None:
    baskets, checkout = baskets_with_lamps(2), a_checkout(2598)

    check_out(ADA, "key-1", checkout, baskets=baskets)

    (event,) = baskets.published
    assert isinstance(event, BasketCheckedOut)
    assert baskets.get_contacts([event.contact_id]) == [
        ContactRecord(event.contact_id, checkout.contact)
    ]
    published = json.dumps(msgspec.to_builtins(event))
    assert not [text for text in ("Lovelace", "example.org", "London") if text in published]


def test_a_repeated_checkout_returns_the_same_order_when_the_basket_has_changed() -> None:
    baskets = baskets_with_lamps(2)
    first = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    set_quantity(ADA, "RUG-1", 1, baskets=baskets)

    second = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    assert second == first
    assert len(baskets.published) == 1
    assert quantities(baskets) == {"RUG-1": 1}


def test_two_simultaneous_clicks_are_one_checkout() -> None:
    baskets = baskets_with_lamps(2)
    records = []
    baskets.concurrent_requests = [
        lambda: records.append(check_out(ADA, "key-1", a_checkout(2598), baskets=baskets))
    ]

    record = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    assert records == [record]
    assert len(baskets.published) == len(baskets.contacts) == 1


def test_a_click_refused_because_its_duplicate_was_accepted_returns_the_same_order() -> None:
    baskets = baskets_with_lamps(2)
    get_lines = baskets.get_lines

    def lines_after_the_duplicate(basket_id: str) -> list[BasketLine]:
        baskets.get_lines = get_lines  # type: ignore[method-assign]  # for the duplicate
        check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
        return []

    baskets.get_lines = lines_after_the_duplicate  # type: ignore[method-assign]  # runs the duplicate first

    record = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    (event,) = baskets.published
    assert isinstance(event, BasketCheckedOut)
    assert record.order_id == event.order_id


def test_two_tabs_with_different_keys_buy_the_basket_once() -> None:
    baskets = baskets_with_lamps(2)
    baskets.concurrent_requests = [
        lambda: check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    ]

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-2", a_checkout(2598), baskets=baskets)

    assert len(baskets.published) == 1


def test_a_key_cannot_be_reused_for_another_request() -> None:
    baskets = baskets_with_lamps(2)
    check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    with pytest.raises(IdempotencyKeyReused):
        check_out(ADA, "key-1", a_checkout(2598, fingerprint="body-2"), baskets=baskets)


def test_two_visitors_can_use_the_same_key() -> None:
    baskets = baskets_with_lamps(2)
    set_quantity(BOB, "RUG-1", 1, baskets=baskets)

    ada_record = check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)
    bob_record = check_out(BOB, "key-1", a_checkout(5000), baskets=baskets)

    assert ada_record.order_id != bob_record.order_id
    assert len(baskets.published) == 2


def test_a_refused_checkout_binds_no_key_and_stores_no_contact() -> None:
    baskets = baskets_with_lamps(2)
    outdated, current = a_checkout(1, fingerprint="body-1"), a_checkout(2598, fingerprint="body-2")

    with pytest.raises(TotalChanged):
        check_out(ADA, "key-1", outdated, baskets=baskets)
    assert (baskets.published, baskets.contacts) == ([], {})
    record = check_out(ADA, "key-1", current, baskets=baskets)

    assert record.total == current.expected_total


def test_a_price_changed_since_the_visitor_saw_it_is_reported() -> None:
    baskets = baskets_with_lamps(2)
    baskets.save_offer(an_offer("LAMP-1", price=1400, version=2))

    with pytest.raises(TotalChanged) as error:
        check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    assert error.value.members["total"] == pounds(2800 + SHIPPING_PENCE)
    assert [change["sku"] for change in error.value.members["changes"]] == ["LAMP-1"]


def test_a_line_added_in_another_tab_during_checkout_is_not_bought_unseen() -> None:
    baskets = baskets_with_lamps(2)
    baskets.concurrent_requests = [lambda: set_quantity(ADA, "RUG-1", 1, baskets=baskets)]

    with pytest.raises(TotalChanged):
        check_out(ADA, "key-1", a_checkout(2598), baskets=baskets)

    assert baskets.published == []


def test_a_basket_emptied_line_by_line_cannot_be_checked_out() -> None:
    baskets = baskets_with_lamps()
    remove_line(ADA, "LAMP-1", baskets=baskets)

    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_checkout(0), baskets=baskets)


def test_a_visitor_without_a_basket_cannot_check_out() -> None:
    with pytest.raises(BasketEmpty):
        check_out(ADA, "key-1", a_checkout(0), baskets=FakeBaskets())


def test_an_unknown_shipping_option_is_refused() -> None:
    baskets = baskets_with_lamps(2)

    with pytest.raises(InvalidRequest, match="no shipping option 'rocket'"):
        check_out(ADA, "key-1", a_checkout(2598, shipping_option="rocket"), baskets=baskets)

    assert baskets.published == []
