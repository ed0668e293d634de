"""The authored day has every kind of dirt a real one has, and still balances."""

import re
from collections import Counter
from pathlib import Path

import pytest

from cli.replay import Day, read_day
from tests.replay.builders import play
from tests.replay.shop import FakeShop

DEMO = Path(__file__).parents[2] / "demo" / "day.csv"


@pytest.fixture(scope="module")
def day() -> Day:
    return read_day(DEMO)


def test_the_demo_day_is_as_long_as_a_real_one(day: Day) -> None:
    assert 150 <= len(day.invoices) <= 180
    assert 1000 <= len(day.lines) <= 1300
    assert max(len(invoice.wanted) for invoice in day.invoices) >= 120


def test_the_demo_day_has_every_reason_to_refuse_a_line(day: Day) -> None:
    assert {line.refusal for line in day.lines} == {
        None,
        "adjustment",
        "not-a-product",
        "free",
        "negative-price",
        "not-a-positive-quantity",
        "fraction-of-a-penny",
    }


def test_the_demo_day_has_every_code_that_is_no_product(day: Day) -> None:
    codes = {line.code for line in day.lines}

    services = {"POST", "DOT", "C2", "M", "m", "D", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE"}
    assert services <= codes
    assert any(re.search(r"[^A-Za-z0-9_]", code) for code in codes - services)
    assert any(code != code.upper() and code.upper() in codes for code in codes)


def test_the_demo_day_sells_a_code_at_several_prices_and_twice_on_an_invoice(day: Day) -> None:
    wanted = [it for invoice in day.invoices for it in invoice.wanted]
    prices = Counter(it.lines[0].code for it in {it.sku: it for it in wanted}.values())

    assert max(prices.values()) >= 4
    assert max(len(it.lines) for it in wanted) == 3


def test_the_demo_day_has_gaps_crowds_and_odd_characters(day: Day) -> None:
    text = DEMO.read_text(encoding="utf-8")

    assert any(line.refusal is None and not line.description for line in day.lines)
    assert all(part in text for part in (",,United Kingdom", ".0,France", ",Unspecified"))
    assert sum(line.refusal is None and line.quantity >= 1000 for line in day.lines) >= 4
    assert all(odd in text for odd in ("é", "£", "&", '""', "'", ", "))


def test_an_invoice_of_the_demo_day_spans_two_minutes_and_another_is_scattered(day: Day) -> None:
    numbers = [[line.number for line in invoice.lines] for invoice in day.invoices]

    assert any(len({line.at for line in invoice.lines}) > 1 for invoice in day.invoices)
    assert any(last - first >= len(of) for of in numbers for first, last in [(of[0], of[-1])])


def test_the_demo_day_has_a_product_that_runs_out_and_cards_of_every_kind(day: Day) -> None:
    last = [invoice for invoice in day.invoices if invoice.lines[0].code == "TP900"]

    assert [invoice.lines[0].stock for invoice in last] == [3] * 5
    assert {invoice.payment for invoice in day.invoices} == {
        "tok_replay",
        "tok_declined",
        "tok_insufficient_funds",
        "tok_slow",
        "tok_timeout",
        "tok_late",
        "tok_twice",
    }


def test_the_demo_day_has_orders_undone_and_returns_of_every_kind(day: Day) -> None:
    books = play(day, FakeShop())

    assert (books.cancelled, books.returns, books.lines_taken_back) == (2, 5, 8)
    assert {"more-than-bought", "nothing-to-return", "unknown-customer"} <= books.refused.keys()
    assert books.money.refunded > books.value.returned  # of one order all came back
    assert books.balanced


def test_the_demo_day_balances_and_a_second_replay_orders_nothing(day: Day) -> None:
    shop = FakeShop()

    books, again = play(day, shop, concurrency=16), play(day, shop, concurrency=1)

    assert books.balanced
    assert again.balanced
    assert len(shop.all_orders) == books.placed == again.placed == 131
    assert books.rejected == {"out-of-stock": 2, "payment-declined": 2}
