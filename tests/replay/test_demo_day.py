"""The hand-written demo day has the defects of real data, and still balances."""

import re
from collections import Counter
from pathlib import Path

import pytest

from cli.replay import Day, read_day
from tests.replay.builders import replay_day
from tests.replay.fake_shop import FakeShop

DEMO = Path(__file__).parents[2] / "demo" / "day.csv"


@pytest.fixture(scope="module")
def day() -> Day:
    return read_day(DEMO)


def test_the_demo_day_is_as_long_as_a_real_one(day: Day) -> None:
    assert 150 <= len(day.invoices) <= 180
    assert 1000 <= len(day.lines) <= 1300
    assert max(len(invoice.basket_lines) for invoice in day.invoices) >= 120


def test_the_demo_day_has_every_reason_to_refuse_a_line(day: Day) -> None:
    assert {line.refusal_reason for line in day.lines} == {
        None,
        "adjustment",
        "not-a-product",
        "free",
        "negative-price",
        "not-a-positive-quantity",
        "fraction-of-a-penny",
    }


def test_the_demo_day_has_every_code_that_is_not_a_product(day: Day) -> None:
    codes = {line.code for line in day.lines}

    services = {"POST", "DOT", "C2", "M", "m", "D", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE"}
    assert services <= codes
    assert any(re.search(r"[^A-Za-z0-9_]", code) for code in codes - services)
    assert any(code != code.upper() and code.upper() in codes for code in codes)


def test_the_demo_day_sells_a_code_at_several_prices_and_several_times_on_an_invoice(
    day: Day,
) -> None:
    lines = [line for invoice in day.invoices for line in invoice.basket_lines]
    prices = Counter(line.lines[0].code for line in {line.sku: line for line in lines}.values())

    assert max(prices.values()) >= 4
    assert max(len(line.lines) for line in lines) == 3


def test_the_demo_day_has_empty_fields_large_quantities_and_special_characters(day: Day) -> None:
    text = DEMO.read_text(encoding="utf-8")

    assert any(line.refusal_reason is None and not line.description for line in day.lines)
    assert all(part in text for part in (",,United Kingdom", ".0,France", ",Unspecified"))
    assert sum(line.refusal_reason is None and line.quantity >= 1000 for line in day.lines) >= 4
    assert all(character in text for character in ("é", "£", "&", '""', "'", ", "))


def test_the_demo_day_has_an_invoice_of_two_minutes_and_one_with_scattered_lines(day: Day) -> None:
    numbers = [[line.number for line in invoice.lines] for invoice in day.invoices]

    assert any(len({line.at for line in invoice.lines}) > 1 for invoice in day.invoices)
    assert any(lines[-1] - lines[0] >= len(lines) for lines in numbers)


def test_the_demo_day_has_a_product_that_sells_out_and_payments_of_every_kind(day: Day) -> None:
    scarce = [invoice for invoice in day.invoices if invoice.lines[0].code == "TP900"]

    assert [invoice.lines[0].stock for invoice in scarce] == [3] * 5
    assert {invoice.payment for invoice in day.invoices} == {
        "tok_replay",
        "tok_declined",
        "tok_insufficient_funds",
        "tok_slow",
        "tok_timeout",
        "tok_late",
        "tok_twice",
    }


def test_the_demo_day_has_cancellations_and_returns_of_every_kind(day: Day) -> None:
    report = replay_day(day, FakeShop())

    assert (report.cancelled, report.returns, report.lines_reversed) == (2, 5, 8)
    assert {"more-than-bought", "nothing-to-return", "unknown-customer"} <= report.refused.keys()
    # one order is returned completely, so its shipping is refunded, too
    assert report.money.refunded > report.value.returned
    assert report.balanced


def test_the_demo_day_balances_and_a_second_replay_orders_nothing(day: Day) -> None:
    shop = FakeShop()

    first, second = replay_day(day, shop, concurrency=16), replay_day(day, shop, concurrency=1)

    assert first.balanced
    assert second.balanced
    assert len(shop.all_orders) == first.placed == second.placed == 131
    assert first.rejected == {"out-of-stock": 2, "payment-declined": 2}
