"""What baskets cost, and what checkout demands."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from souk.basket.domain import (
    MAX_LINES,
    MAX_QUANTITY,
    NAME_BYTES,
    BasketEmpty,
    KeyReused,
    PricedLine,
    ProductDelisted,
    SoldOut,
    TotalChanged,
    agree,
    checked_out_lines,
    price,
    shorten,
    subtotal,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.wire import Note, line_view
from souk.kernel import outbox
from tests.basket.builders import a_line, a_receipt, an_offer, pounds

LETTERS = st.sampled_from('a"\\/é—😀\x01\u2028\x7f👩\u200d')  # up to 6 bytes each in JSON
NASTY = st.text(LETTERS, max_size=200)


def priced(
    sku: str = "LAMP-1", *, quantity: int = 2, seen: int = 1299, now: int = 1299
) -> PricedLine:
    return PricedLine(a_line(sku, quantity=quantity, seen=seen), an_offer(sku, price=now))


@given(st.lists(st.tuples(st.integers(1, MAX_QUANTITY), st.integers(1, 10_000_000)), max_size=20))
def test_a_subtotal_is_each_quantity_at_todays_price(lines: list[tuple[int, int]]) -> None:
    due = subtotal((priced(quantity=quantity, now=now) for quantity, now in lines), "GBP")

    assert due == pounds(sum(quantity * now for quantity, now in lines))


def test_lines_stand_in_the_order_they_were_put() -> None:
    lines = [
        a_line("B", added_at="2026-11-23T12:00:02.000Z"),
        a_line("C", added_at="2026-11-23T12:00:01.000Z"),
        a_line("A", added_at="2026-11-23T12:00:02.000Z"),
    ]

    ordered = price(lines, {sku: an_offer(sku) for sku in "ABC"})

    assert [each.line.sku for each in ordered] == ["C", "A", "B"]
    assert [each.offer.sku for each in ordered] == ["C", "A", "B"]


def test_a_line_as_it_was_put_has_nothing_to_note() -> None:
    assert line_view(priced(seen=1299, now=1299)).notes == []


def test_a_price_change_since_a_line_was_put_is_noted_and_counts() -> None:
    view = line_view(priced(quantity=2, seen=1299, now=999))

    assert (view.unit_price, view.line_total) == (pounds(999), pounds(1998))
    assert view.notes == [Note(kind="price-changed", was=pounds(1299), now=pounds(999))]


def test_a_delisted_product_is_noted_beside_its_new_price() -> None:
    line = PricedLine(a_line(seen=1299), an_offer(price=999, listed=False))

    assert [note.kind for note in line_view(line).notes] == ["price-changed", "delisted"]


def test_the_total_both_sides_computed_is_agreed() -> None:
    assert agree([priced(quantity=2), priced("RUG-1")], pounds(495), pounds(5691)) == pounds(5691)


@pytest.mark.parametrize("expected", [5690, 5692, 5196, 1])
def test_another_total_than_the_visitor_saw_is_told_with_what_changed(expected: int) -> None:
    lines = [priced("LAMP-1", seen=1200), priced("RUG-1")]

    with pytest.raises(TotalChanged) as refused:
        agree(lines, pounds(495), pounds(expected))

    assert refused.value.members == {
        "total": pounds(5691),
        "shipping": pounds(495),
        "changes": [{"sku": "LAMP-1", "was": pounds(1200), "now": pounds(1299)}],
    }


def test_a_changed_price_that_the_visitor_has_seen_is_agreed() -> None:
    assert agree([priced(seen=1200, now=999)], pounds(495), pounds(2493)) == pounds(2493)


def test_an_empty_basket_is_not_checked_out() -> None:
    with pytest.raises(BasketEmpty):
        agree([], pounds(495), pounds(495))


def test_what_is_not_for_sale_any_more_is_named_before_the_total() -> None:
    gone = PricedLine(a_line("RUG-1"), an_offer("RUG-1", listed=False))

    with pytest.raises(ProductDelisted) as refused:
        agree([priced(), gone], pounds(495), pounds(1))

    assert refused.value.members == {"skus": ["RUG-1"]}


def test_what_is_sold_out_is_named_before_the_total() -> None:
    gone = PricedLine(a_line("RUG-1"), an_offer("RUG-1", sold_out=True))

    with pytest.raises(SoldOut) as refused:
        agree([priced(), gone], pounds(495), pounds(1))

    assert refused.value.members == {"skus": ["RUG-1"]}


def test_a_key_is_answered_alike_for_the_same_body_only() -> None:
    receipt = a_receipt(fingerprint="body-1")

    assert receipt.answered("body-1") == receipt
    with pytest.raises(KeyReused):
        receipt.answered("body-2")


@given(NASTY)
def test_a_name_is_shortened_to_what_a_line_may_hold(name: str) -> None:
    short = shorten(name)

    assert len(msgspec.json.encode(short)) <= NAME_BYTES + 2
    assert short == name or (short.endswith("…") and name.startswith(short[:-1]))


@given(st.text(LETTERS, max_size=16))
def test_a_name_that_fits_is_left_as_it_is(name: str) -> None:
    assert shorten(name) == name


@pytest.mark.parametrize("bytes_left_over", [1, 2, 10, 100])
def test_a_name_just_too_long_is_cut_to_the_limit(bytes_left_over: int) -> None:
    name = "n" * (NAME_BYTES + bytes_left_over)

    assert shorten(name) == "n" * (NAME_BYTES - 3) + "…"
    assert shorten(name[:NAME_BYTES]) == name[:NAME_BYTES]


@given(name=st.text(LETTERS, min_size=100, max_size=200))
@example(name="n" * 200)
def test_the_largest_basket_there_can_be_fits_in_one_fact(name: str) -> None:
    offer = an_offer("S" * 40, price=10_000_000, name=name)
    line = PricedLine(a_line("S" * 40, quantity=MAX_QUANTITY), offer)
    (held,) = checked_out_lines([line])
    due = line.total.times(MAX_LINES)

    fact = BasketCheckedOut(
        order_id="o" * 36,
        owner="o" * 60,
        contact_id="c" * 36,
        lines=[held] * MAX_LINES,
        shipping_option="standard",
        shipping=pounds(495),
        total=due,
        payment_token="t" * 200,
        checked_out_at="2026-11-23T12:00:00.000Z",
    )

    assert len(outbox.puts("table", fact)) == 1
    assert due.amount < 2**53  # exact as a JSON number in every client
