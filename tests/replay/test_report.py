"""The report shows what is in the shop, and names every difference from the file."""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cli.replay import ReplayError, ReplayReport, read_day, render
from cli.replay.report import percentiles
from cli.replay.table import format_pounds
from tests.replay.builders import HEADER, a_day, a_file, a_line, replay_day
from tests.replay.fake_shop import FakeShop, always
from tests.replay.responses import pounds, problem


def rendered(report: ReplayReport) -> str:
    console = Console(width=100, file=StringIO())
    console.print(render(report))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def replay_mixed_day(folder: Path) -> ReplayReport:
    return replay_day(
        a_day(
            folder,
            a_line("1"),
            a_line("1", "POST", price="18.00", quantity=1),
            a_line("2", "CUP", price="1.10", quantity=1000),
            a_line("C3", quantity=-1),
            a_line("A4", "B", price="-50.00", quantity=1),
            a_line("5", price="0.001", quantity=1500),
        ),
        FakeShop(),
    )


def test_the_books_of_a_mixed_day_balance_to_the_penny(tmp_path: Path) -> None:
    report = replay_mixed_day(tmp_path)

    assert report.balanced
    assert (report.invoices, report.lines, report.placed, report.lines_placed) == (5, 6, 2, 2)
    assert report.refused == {
        "not-a-product": 1,
        "unknown-customer": 1,
        "adjustment": 1,
        "fraction-of-a-penny": 1,
    }
    assert report.refused_invoices == 3
    assert (report.value.placed, report.value.refused) == (110510, 1800 - 255 - 5000 + 150)
    assert report.value.file == report.value.placed + report.value.refused


def test_the_report_as_json_has_its_documented_keys(tmp_path: Path) -> None:
    found = json.loads(json.dumps(replay_mixed_day(tmp_path).as_json()))

    assert found["value"] == {
        "GBP": {
            "file": 107205,
            "placed": 110510,
            "refused": -3305,
            "ordered": 110510,
            "confirmed": 110510,
            "rejected": 0,
            "cancelled": 0,
            "returned": 0,
        }
    }
    assert (found["confirmed"], found["rejected"]) == (2, {})
    assert (found["unaccounted"], found["duplicates"], found["orders_in_table"]) == (0, 0, 2)
    assert set(found["latency_ms"]) == {
        "list_product",
        "read_product",
        "put_line",
        "read_basket",
        "checkout",
        "order_visible",
        "order_confirmed",
        "order_rejected",
        "shipment_created",
        "dispatch",
        "carrier_webhook",
        "order_delivered",
        "cancel",
        "request_return",
        "accept_return",
    }
    for step in ("order_rejected", "cancel", "request_return", "accept_return"):
        assert found["latency_ms"].pop(step) == {}
    assert all(set(values) == {"p50", "p99"} for values in found["latency_ms"].values())
    assert found["seconds"] > 0
    assert (found["date"], found["balanced"], found["discrepancies"]) == ("2010-12-01", True, [])


def test_rejected_orders_are_counted_by_reason_and_balance(tmp_path: Path) -> None:
    header = f"{HEADER},Stock,Payment"
    scarce = [f"{a_line(str(number), quantity=1)},2," for number in (1, 2, 3)]
    file = a_file(
        tmp_path, *scarce, f"{a_line('4', 'CUP', price='1.10')},,tok_declined", header=header
    )

    report = replay_day(read_day(file), FakeShop())

    assert report.balanced
    assert (report.placed, report.confirmed) == (4, 2)
    assert report.rejected == {"out-of-stock": 1, "payment-declined": 1}
    assert (report.value.confirmed, report.value.rejected) == (510, 255 + 220)


def test_an_undecided_order_is_a_discrepancy(tmp_path: Path) -> None:
    report = replay_day(a_day(tmp_path), FakeShop(decides_orders=False))

    assert not report.balanced
    assert report.discrepancies == (
        "Invoice 1001 is neither confirmed nor rejected: o-0 is placed.",
        "Confirmed and rejected add up to 0 instead of 510 (minor units).",
    )


def test_the_table_shows_pounds_reasons_and_the_verdict(tmp_path: Path) -> None:
    text = rendered(replay_mixed_day(tmp_path))

    assert "£1,105.10" in text
    assert "-£33.05" in text
    assert "fraction-of-a-penny" in text
    assert text.rstrip().endswith("The books balance.")


def test_the_table_lists_the_discrepancies(tmp_path: Path) -> None:
    text = rendered(replay_day(a_day(tmp_path), FakeShop(orders_per_checkout=2)))

    assert "The books do not balance:" in text
    assert "Invoice 1001 has 2 orders" in text


def test_a_lost_order_is_a_discrepancy(tmp_path: Path) -> None:
    shop = FakeShop()

    def lose_orders(request: httpx.Request) -> None:
        if request.method == "GET" and request.url.path.endswith("orders"):
            shop.orders.pop(request.headers["Guest-Token"], None)

    shop.before = lose_orders
    report = replay_day(a_day(tmp_path, a_line("1")), shop)

    assert (report.placed, report.unaccounted, report.orders_in_table) == (0, 1, 0)
    assert report.discrepancies == (
        "Invoice 1 has no order: the customer saw one, but it no longer exists.",
        "0 lines were placed, reversed or refused, but the file has 1 lines.",
        "Placed and refused add up to 0 instead of 510 (minor units).",
        "LAMP1.255: 2 received, but 0 available, 0 reserved and 0 sold.",
    )


@pytest.mark.parametrize("copies", [2, 5])
def test_a_duplicate_order_is_a_discrepancy(tmp_path: Path, copies: int) -> None:
    report = replay_day(a_day(tmp_path), FakeShop(orders_per_checkout=copies))

    assert (report.duplicates, report.orders_in_table) == (copies - 1, copies)
    assert report.value.placed == copies * 510
    assert f"Invoice 1001 has {copies} orders instead of one: o-0, o-0'" in report.discrepancies[0]
    assert f"The shop has {copies} orders for 0 placed invoices." in report.discrepancies


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"subtotal": pounds(509)}, "Invoice 1001 is ordered for GBP 509 instead of GBP 510"),
        (
            {"subtotal": {"amount": 510, "currency": "EUR"}},
            "Invoice 1001 is ordered for EUR 510 instead of GBP 510",
        ),
        ({"line_count": 2}, "Invoice 1001 is ordered with 2 lines instead of 1."),
    ],
)
def test_an_order_that_differs_from_its_invoice_is_a_discrepancy(
    tmp_path: Path, damage: dict[str, object], sentence: str
) -> None:
    shop = FakeShop()

    def damage_orders(request: httpx.Request) -> None:
        for order in shop.all_orders:
            order.update(damage)

    shop.before = damage_orders
    report = replay_day(a_day(tmp_path), shop)

    assert not report.balanced
    assert sentence in report.discrepancies[0]


def test_an_order_of_a_refused_invoice_is_a_discrepancy(tmp_path: Path) -> None:
    def respond_with_conflict(request: httpx.Request) -> httpx.Response | None:
        return problem(409, "total-changed") if "checkout" in request.url.path else None

    report = replay_day(a_day(tmp_path), FakeShop(after=respond_with_conflict))

    assert report.discrepancies[0] == "Invoice 1001 was refused, but order o-0 exists."


def test_an_order_without_a_checkout_response_still_counts(tmp_path: Path) -> None:
    def never_respond(request: httpx.Request) -> None:
        if "checkout" in request.url.path:
            raise httpx.ReadError("connection closed")

    report = replay_day(a_day(tmp_path), FakeShop(after=never_respond))

    assert (report.placed, report.unaccounted, report.value.placed) == (1, 0, 510)
    assert report.balanced


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(403), "the shop responded http-403"),
        (httpx.Response(200, json={"items": 7}), "has an unexpected response"),
        (problem(503, "busy", retry_after="9"), r"got no response \(busy\)"),
    ],
)
def test_orders_that_cannot_be_read_end_the_replay(
    tmp_path: Path, response: httpx.Response, reason: str
) -> None:
    def fail_the_list(request: httpx.Request) -> httpx.Response | None:
        return response if request.url.path.endswith("/orders") else None

    with pytest.raises(ReplayError, match=f"could not be read.*{reason}"):
        replay_day(a_day(tmp_path), FakeShop(before=fail_the_list))


def test_the_time_until_an_order_is_visible_is_measured(tmp_path: Path) -> None:
    report = replay_day(a_day(tmp_path), FakeShop())

    assert report.latency_ms["order_visible"]["p50"] > 0


def test_percentiles_use_the_nearest_rank() -> None:
    thousandths = [number / 1000 for number in range(150, 0, -1)]

    assert percentiles(thousandths) == {"p50": 75, "p99": 149}
    assert percentiles([0.0042]) == {"p50": 4.2, "p99": 4.2}
    assert percentiles([]) == {}


@pytest.mark.parametrize(
    ("pennies", "text"),
    [(0, "£0.00"), (5, "£0.05"), (123456789, "£1,234,567.89"), (-255, "-£2.55")],
)
def test_money_is_shown_in_pounds(pennies: int, text: str) -> None:
    assert format_pounds(pennies) == text


def test_progress_starts_at_zero_and_ends_at_the_total(tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []

    replay_day(
        a_day(tmp_path, a_line(), a_line("C2")),
        FakeShop(),
        progress=lambda done, total: reported.append((done, total)),
    )

    assert reported[0] == (0, 6)
    assert reported[-1] == (6, 6)
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)


lines = st.builds(
    a_line,
    st.sampled_from(["1", "2", "C3", "A4"]),
    st.sampled_from(["LAMP1", "CUP", "POST"]),
    quantity=st.integers(-50, 5000),
    price=st.decimals(-9, 99, places=3),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12))
def test_any_day_balances_in_a_correct_shop(rows: list[str]) -> None:
    with TemporaryDirectory() as folder:
        report = replay_day(a_day(Path(folder), *rows), FakeShop())

    assert report.balanced
    assert report.value.placed + report.value.refused == report.value.file
    assert report.lines_placed + sum(report.refused.values()) == len(rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12), st.sampled_from([0, 2]))
def test_no_day_balances_in_a_shop_that_loses_or_duplicates_orders(
    rows: list[str], copies: int
) -> None:
    with TemporaryDirectory() as folder:
        day = a_day(Path(folder), *rows)
        report = replay_day(day, FakeShop(orders_per_checkout=copies))

    assert report.balanced == (not any(invoice.basket_lines for invoice in day.invoices))


def test_refused_lines_are_no_discrepancy(tmp_path: Path) -> None:
    shop = FakeShop(before=always("PUT", "items", problem(422, "basket-full")))

    report = replay_day(a_day(tmp_path), shop)

    assert (report.balanced, report.refused) == (True, {"basket-full": 1})
