"""The books say what is really in the shop, and fail when it is not what was bought."""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cli.replay import Books, ReplayError, read_day, render
from cli.replay.books import percentiles
from cli.replay.table import pounds as in_pounds
from tests.replay.answers import pounds, problem
from tests.replay.builders import HEADER, a_day, a_file, a_line, play
from tests.replay.shop import FakeShop, always


def rendered(books: Books) -> str:
    console = Console(width=100, file=StringIO())
    console.print(render(books))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def mixed_day(folder: Path) -> Books:
    return play(
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
    books = mixed_day(tmp_path)

    assert books.balanced
    assert (books.invoices, books.lines, books.placed, books.lines_placed) == (5, 6, 2, 2)
    assert books.refused == {
        "not-a-product": 1,
        "unknown-customer": 1,
        "adjustment": 1,
        "fraction-of-a-penny": 1,
    }
    assert books.refused_invoices == 3
    assert (books.value.placed, books.value.refused) == (110510, 1800 - 255 - 5000 + 150)
    assert books.value.file == books.value.placed + books.value.refused


def test_the_books_as_json_have_the_keys_others_rely_on(tmp_path: Path) -> None:
    found = json.loads(json.dumps(mixed_day(tmp_path).as_json()))

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
        "shipment_made",
        "dispatch",
        "carrier_notice",
        "order_delivered",
        "cancel",
        "ask_return",
        "accept_return",
    }
    for step in ("order_rejected", "cancel", "ask_return", "accept_return"):
        assert found["latency_ms"].pop(step) == {}
    assert all(set(shares) == {"p50", "p99"} for shares in found["latency_ms"].values())
    assert found["seconds"] > 0
    assert (found["date"], found["balanced"], found["discrepancies"]) == ("2010-12-01", True, [])


def test_orders_that_are_rejected_balance_with_their_reasons(tmp_path: Path) -> None:
    header = f"{HEADER},Stock,Payment"
    short = [f"{a_line(str(number), quantity=1)},2," for number in (1, 2, 3)]
    file = a_file(
        tmp_path, *short, f"{a_line('4', 'CUP', price='1.10')},,tok_declined", header=header
    )

    books = play(read_day(file), FakeShop())

    assert books.balanced
    assert (books.placed, books.confirmed) == (4, 2)
    assert books.rejected == {"out-of-stock": 1, "payment-declined": 1}
    assert (books.value.confirmed, books.value.rejected) == (510, 255 + 220)


def test_an_order_left_open_makes_the_books_fail(tmp_path: Path) -> None:
    books = play(a_day(tmp_path), FakeShop(settles=False))

    assert not books.balanced
    assert books.discrepancies == (
        "Invoice 1001 is neither confirmed nor rejected: o-0 is placed.",
        "Confirmed and rejected come to 0, but ordered to 510 (minor units).",
    )


def test_the_table_shows_pounds_reasons_and_the_verdict(tmp_path: Path) -> None:
    text = rendered(mixed_day(tmp_path))

    assert "£1,105.10" in text
    assert "-£33.05" in text
    assert "fraction-of-a-penny" in text
    assert text.rstrip().endswith("The books balance.")


def test_the_table_names_what_is_wrong(tmp_path: Path) -> None:
    text = rendered(play(a_day(tmp_path), FakeShop(copies=2)))

    assert "The books do not balance:" in text
    assert "Invoice 1001 has 2 orders" in text


def test_a_dropped_order_makes_the_books_fail(tmp_path: Path) -> None:
    shop = FakeShop()

    def drop_the_second(request: httpx.Request) -> None:
        if request.method == "GET" and request.url.path.endswith("orders"):
            shop.orders.pop(request.headers["Guest-Token"], None)

    shop.before = drop_the_second
    books = play(a_day(tmp_path, a_line("1")), shop)

    assert (books.placed, books.unaccounted, books.orders_in_table) == (0, 1, 0)
    assert books.discrepancies == (
        "Invoice 1 has no order: though its customer saw one.",
        "Lines placed, taken back and refused are 0, but the file has 1.",
        "Placed and refused come to 0, but the file to 510 (minor units).",
        "Of LAMP1.255 2 were received, but there are 0 available, 0 reserved and 0 sold.",
    )


@pytest.mark.parametrize("copies", [2, 5])
def test_a_doubled_order_makes_the_books_fail(tmp_path: Path, copies: int) -> None:
    books = play(a_day(tmp_path), FakeShop(copies=copies))

    assert (books.duplicates, books.orders_in_table) == (copies - 1, copies)
    assert books.value.placed == copies * 510
    assert f"Invoice 1001 has {copies} orders instead of one: o-0, o-0'" in books.discrepancies[0]
    assert f"The shop has {copies} orders for 0 invoices placed." in books.discrepancies


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
def test_an_order_other_than_what_was_bought_is_named(
    tmp_path: Path, damage: dict[str, object], sentence: str
) -> None:
    shop = FakeShop()

    def damage_it(request: httpx.Request) -> None:
        for order in shop.all_orders:
            order.update(damage)

    shop.before = damage_it
    books = play(a_day(tmp_path), shop)

    assert not books.balanced
    assert sentence in books.discrepancies[0]


def test_an_order_of_a_refused_invoice_is_named(tmp_path: Path) -> None:
    def refuse_too_late(request: httpx.Request) -> httpx.Response | None:
        return problem(409, "total-changed") if "checkout" in request.url.path else None

    books = play(a_day(tmp_path), FakeShop(after=refuse_too_late))

    assert books.discrepancies[0] == "Invoice 1001 was refused, yet order o-0 is in the shop."


def test_an_order_whose_answer_was_lost_for_good_still_counts(tmp_path: Path) -> None:
    def never_answer(request: httpx.Request) -> None:
        if "checkout" in request.url.path:
            raise httpx.ReadError("cut")

    books = play(a_day(tmp_path), FakeShop(after=never_answer))

    assert (books.placed, books.unaccounted, books.value.placed) == (1, 0, 510)
    assert books.balanced


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(403), "the shop answered http-403"),
        (httpx.Response(200, json={"items": 7}), "has an odd answer"),
        (problem(503, "busy", wait="9"), r"got no answer \(busy\)"),
    ],
)
def test_orders_that_cannot_be_read_back_end_the_replay(
    tmp_path: Path, answer: httpx.Response, why: str
) -> None:
    def only_the_list(request: httpx.Request) -> httpx.Response | None:
        return answer if request.url.path.endswith("/orders") else None

    with pytest.raises(ReplayError, match=f"could not be read back.*{why}"):
        play(a_day(tmp_path), FakeShop(before=only_the_list))


def test_waiting_for_an_order_is_counted_from_checkout_to_its_appearance(tmp_path: Path) -> None:
    books = play(a_day(tmp_path), FakeShop())

    assert books.latency_ms["order_visible"]["p50"] > 0


def test_percentiles_are_of_the_nearest_rank() -> None:
    thousandths = [number / 1000 for number in range(150, 0, -1)]

    assert percentiles(thousandths) == {"p50": 75, "p99": 149}
    assert percentiles([0.0042]) == {"p50": 4.2, "p99": 4.2}
    assert percentiles([]) == {}


@pytest.mark.parametrize(
    ("pennies", "text"),
    [(0, "£0.00"), (5, "£0.05"), (123456789, "£1,234,567.89"), (-255, "-£2.55")],
)
def test_money_is_shown_in_pounds(pennies: int, text: str) -> None:
    assert in_pounds(pennies) == text


def test_progress_goes_from_nothing_to_everything(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    play(a_day(tmp_path, a_line(), a_line("C2")), FakeShop(), progress=lambda *at: seen.append(at))

    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


lines = st.builds(
    a_line,
    st.sampled_from(["1", "2", "C3", "A4"]),
    st.sampled_from(["LAMP1", "CUP", "POST"]),
    quantity=st.integers(-50, 5000),
    price=st.decimals(-9, 99, places=3),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12))
def test_any_day_balances_in_a_shop_that_keeps_its_word(rows: list[str]) -> None:
    with TemporaryDirectory() as folder:
        books = play(a_day(Path(folder), *rows), FakeShop())

    assert books.balanced
    assert books.value.placed + books.value.refused == books.value.file
    assert books.lines_placed + sum(books.refused.values()) == len(rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12), st.sampled_from([0, 2]))
def test_no_day_balances_in_a_shop_that_drops_or_doubles(rows: list[str], copies: int) -> None:
    with TemporaryDirectory() as folder:
        day = a_day(Path(folder), *rows)
        books = play(day, FakeShop(copies=copies))

    assert books.balanced == (not any(invoice.wanted for invoice in day.invoices))


def test_a_refusing_shop_is_no_unbalanced_shop(tmp_path: Path) -> None:
    shop = FakeShop(before=always("PUT", "items", problem(422, "basket-full")))

    books = play(a_day(tmp_path), shop)

    assert (books.balanced, books.refused) == (True, {"basket-full": 1})
