"""An order has lines, and its total is the sum of lines and shipping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import Money
from souk.ordering.domain import OrderLine, OrderStatus
from souk.ordering.events import OrderPlaced
from tests.ordering.builders import ADA, a_line, an_order, pounds

LINES = st.lists(
    st.builds(
        a_line,
        st.text(min_size=1, max_size=5),
        quantity=st.integers(1, 100_000),
        price=st.integers(1, 10_000_000),
    ),
    min_size=1,
    max_size=20,
)


def test_an_order_without_lines_is_invalid() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        an_order(lines=[])


@given(LINES, st.integers(0, 10_000))
def test_an_orders_total_is_its_lines_and_shipping(lines: list[OrderLine], shipping: int) -> None:
    order = an_order(*lines, shipping=shipping)

    assert order.subtotal == pounds(sum(line.total.amount for line in lines))
    assert order.total == order.subtotal + order.shipping


@pytest.mark.parametrize("difference", [-1, 1, 495])
def test_a_total_that_does_not_add_up_is_invalid(difference: int) -> None:
    total = an_order().total

    with pytest.raises(ValueError, match="do not add up"):
        an_order(total=pounds(total.amount + difference))


def test_a_total_in_another_currency_is_invalid() -> None:
    with pytest.raises(ValueError, match="cannot add"):
        an_order(total=Money(3093, "EUR"))


def test_a_new_order_is_placed() -> None:
    order = an_order()

    assert order.status is OrderStatus.PLACED
    assert order.placed_at == "2026-11-23T12:00:00.000Z"


def test_the_event_of_a_new_order_contains_neither_personal_data_nor_the_payment_token() -> None:
    order = an_order(a_line("LAMP-1"), a_line("RUG-1"))

    assert order.placed_event() == OrderPlaced(
        order_id=order.order_id,
        owner=ADA,
        contact_id="contact-1",
        line_count=2,
        total=order.total,
        placed_at=order.placed_at,
    )
