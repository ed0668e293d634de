"""What baskets cost, and the conditions of a checkout."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from souk.basket.domain import (
    MAX_LINES,
    MAX_NAME_BYTES,
    MAX_QUANTITY,
    BasketEmpty,
    DelistedProduct,
    PricedLine,
    SoldOut,
    TotalChanged,
    check_total,
    price_lines,
    shorten_name,
    subtotal,
    to_order_lines,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.schemas import LineNote, to_line_view
from souk.kernel import outbox
from souk.kernel.errors import IdempotencyKeyReused
from tests.basket.builders import a_checkout_record, a_line, an_offer, pounds

CHARACTERS = st.sampled_from('a"\\/é—😀\x01\u2028\x7f👩\u200d')  # up to 6 bytes each in JSON
AWKWARD_TEXT = st.text(CHARACTERS, max_size=200)


def a_priced_line(
    sku: str = "LAMP-1", *, quantity: int = 2, seen_price: int = 1299, price: int = 1299
) -> PricedLine:
    line = a_line(sku, quantity=quantity, seen_price=seen_price)
    return PricedLine(line, an_offer(sku, price=price))


@given(st.lists(st.tuples(st.integers(1, MAX_QUANTITY), st.integers(1, 10_000_000)), max_size=20))
def test_a_subtotal_is_each_quantity_at_its_current_price(lines: list[tuple[int, int]]) -> None:
    priced = (a_priced_line(quantity=quantity, price=price) for quantity, price in lines)

    assert subtotal(priced, "GBP") == pounds(sum(quantity * price for quantity, price in lines))


def test_lines_are_in_the_order_in_which_they_were_added() -> None:
    lines = [
        a_line("B", added_at="2026-11-23T12:00:02.000Z"),
        a_line("C", added_at="2026-11-23T12:00:01.000Z"),
        a_line("A", added_at="2026-11-23T12:00:02.000Z"),
    ]

    ordered = price_lines(lines, {sku: an_offer(sku) for sku in "ABC"})

    assert [each.line.sku for each in ordered] == ["C", "A", "B"]
    assert [each.offer.sku for each in ordered] == ["C", "A", "B"]


def test_an_unchanged_line_has_no_notes() -> None:
    assert to_line_view(a_priced_line(seen_price=1299, price=1299)).notes == []


def test_a_line_costs_its_new_price_and_notes_the_change() -> None:
    view = to_line_view(a_priced_line(quantity=2, seen_price=1299, price=999))

    assert (view.unit_price, view.line_total) == (pounds(999), pounds(1998))
    note = LineNote(type="price-changed", previous_price=pounds(1299), current_price=pounds(999))
    assert view.notes == [note]


def test_a_line_can_note_a_new_price_and_a_delisting() -> None:
    line = PricedLine(a_line(seen_price=1299), an_offer(price=999, listed=False))

    assert [note.type for note in to_line_view(line).notes] == ["price-changed", "delisted"]


def test_a_total_as_expected_is_accepted() -> None:
    assert check_total(
        [a_priced_line(quantity=2), a_priced_line("RUG-1")], pounds(495), pounds(5691)
    ) == pounds(5691)


@pytest.mark.parametrize("expected", [5690, 5692, 5196, 1])
def test_another_total_is_refused_with_the_lines_that_changed(expected: int) -> None:
    lines = [a_priced_line("LAMP-1", seen_price=1200), a_priced_line("RUG-1")]

    with pytest.raises(TotalChanged) as error:
        check_total(lines, pounds(495), pounds(expected))

    assert error.value.members == {
        "total": pounds(5691),
        "shipping": pounds(495),
        "changes": [
            {"sku": "LAMP-1", "previous_price": pounds(1200), "current_price": pounds(1299)}
        ],
    }


def test_a_changed_price_that_the_visitor_expects_is_accepted() -> None:
    assert check_total(
        [a_priced_line(seen_price=1200, price=999)], pounds(495), pounds(2493)
    ) == pounds(2493)


def test_an_empty_basket_cannot_be_checked_out() -> None:
    with pytest.raises(BasketEmpty):
        check_total([], pounds(495), pounds(495))


def test_delisted_products_are_reported_before_the_total() -> None:
    delisted = PricedLine(a_line("RUG-1"), an_offer("RUG-1", listed=False))

    with pytest.raises(DelistedProduct) as error:
        check_total([a_priced_line(), delisted], pounds(495), pounds(1))

    assert error.value.members == {"skus": ["RUG-1"]}


def test_sold_out_products_are_reported_before_the_total() -> None:
    sold_out = PricedLine(a_line("RUG-1"), an_offer("RUG-1", sold_out=True))

    with pytest.raises(SoldOut) as error:
        check_total([a_priced_line(), sold_out], pounds(495), pounds(1))

    assert error.value.members == {"skus": ["RUG-1"]}


def test_a_checkout_record_is_returned_for_the_same_request_only() -> None:
    record = a_checkout_record(fingerprint="body-1")

    assert record.require_fingerprint("body-1") == record
    with pytest.raises(IdempotencyKeyReused):
        record.require_fingerprint("body-2")


@given(AWKWARD_TEXT)
def test_a_name_is_shortened_to_the_limit(name: str) -> None:
    short = shorten_name(name)

    assert len(msgspec.json.encode(short)) <= MAX_NAME_BYTES + 2
    assert short == name or (short.endswith("…") and name.startswith(short[:-1]))


@given(st.text(CHARACTERS, max_size=16))
def test_a_name_within_the_limit_is_not_shortened(name: str) -> None:
    assert shorten_name(name) == name


@pytest.mark.parametrize("excess_bytes", [1, 2, 10, 100])
def test_a_name_slightly_too_long_is_cut_to_the_limit(excess_bytes: int) -> None:
    name = "n" * (MAX_NAME_BYTES + excess_bytes)

    assert shorten_name(name) == "n" * (MAX_NAME_BYTES - 3) + "…"
    assert shorten_name(name[:MAX_NAME_BYTES]) == name[:MAX_NAME_BYTES]


@given(name=st.text(CHARACTERS, min_size=100, max_size=200))
@example(name="n" * 200)
def test_the_largest_basket_fits_in_one_event(name: str) -> None:
    offer = an_offer("S" * 40, price=10_000_000, name=name)
    line = PricedLine(a_line("S" * 40, quantity=MAX_QUANTITY), offer)
    (order_line,) = to_order_lines([line])
    total = line.total.times(MAX_LINES)

    event = BasketCheckedOut(
        order_id="o" * 36,
        owner="o" * 60,
        contact_id="c" * 36,
        lines=[order_line] * MAX_LINES,
        shipping_option="standard",
        shipping=pounds(495),
        total=total,
        payment_token="t" * 200,
        checked_out_at="2026-11-23T12:00:00.000Z",
    )

    assert len(outbox.put_actions("table", event)) == 1
    assert total.amount < 2**53  # exact as a JSON number in every client
