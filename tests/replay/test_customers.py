"""Customers of a replay buy what their invoice says and bear with a shop in trouble."""

import json
import re
from pathlib import Path

import httpx
import pytest

from cli.replay.contacts import contact_of
from cli.replay.customers import derive
from tests.replay.answers import problem
from tests.replay.builders import SECRET, a_day, a_line, play
from tests.replay.shop import FakeShop, always, once


def requests(shop: FakeShop, method: str, part_of_path: str) -> list[httpx.Request]:
    return [it for it in shop.asked if it.method == method and part_of_path in it.url.path]


def test_a_customer_looks_fills_the_basket_reads_it_and_buys(tmp_path: Path) -> None:
    shop = FakeShop()

    play(a_day(tmp_path, a_line(), a_line(code="CUP", price="1.10", quantity=3)), shop)

    steps = [(it.method, it.url.path.removeprefix("/api/")) for it in shop.asked]
    assert steps[0] == ("GET", "shipping-options")
    assert steps[5:] == [
        ("GET", "products/LAMP1.255"),
        ("PUT", "guest/basket/items/LAMP1.255"),
        ("PUT", "guest/basket/items/CUP.110"),
        ("GET", "guest/basket"),
        ("POST", "guest/basket/checkout"),
        ("GET", "guest/orders/o-0"),
        ("GET", "guest/orders"),
        ("POST", "staff/shipments/o-0/dispatch"),
        ("POST", "carriers/souk-post/notices"),
        ("GET", "guest/orders/o-0"),
        ("GET", "guest/orders"),
    ]


def test_checkout_says_who_buys_and_what_the_customer_saw(tmp_path: Path) -> None:
    shop = FakeShop()

    play(a_day(tmp_path, a_line("536370", country="France")), shop)

    [checkout] = requests(shop, "POST", "checkout")
    body = json.loads(checkout.content)
    assert body["expected_total"] == {"amount": 2 * 255 + 495, "currency": "GBP"}
    assert body["contact"]["email"] == "invoice-536370@example.com"
    assert body["contact"]["address"]["country"] == "FR"
    assert (body["shipping_option"], body["payment_token"]) == ("standard", "tok_replay")


@pytest.mark.parametrize(
    ("country", "code"),
    [("EIRE", "IE"), ("RSA", "ZA"), ("Channel Islands", "JE"), ("Unspecified", "GB"), ("", "GB")],
)
def test_a_country_the_list_does_not_know_is_taken_as_the_shop_s_own(
    country: str, code: str
) -> None:
    address = contact_of("A/1", country)["address"]

    assert isinstance(address, dict)
    assert address["country"] == code


def test_tokens_are_secret_distinct_and_the_same_every_time() -> None:
    one = derive(SECRET, "guest-token", "536365")

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", one)
    assert one == derive(SECRET, "guest-token", "536365")
    assert one not in {
        derive(SECRET, "guest-token", "536366"),
        derive(SECRET, "checkout", "536365"),
        derive(b"of another shop", "guest-token", "536365"),
    }


def test_a_second_replay_makes_no_second_order(tmp_path: Path) -> None:
    shop, day = FakeShop(), a_day(tmp_path, a_line("1"), a_line("2"), a_line("2", "CUP"))

    first = play(day, shop)
    second = play(day, shop)

    assert len(shop.all_orders) == 2
    assert first.balanced
    assert second.balanced
    assert second.placed == 2


@pytest.mark.parametrize(
    "accident", [httpx.ReadError("cut"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("?")]
)
def test_a_lost_checkout_answer_is_asked_for_again_with_the_same_key(
    tmp_path: Path, accident: Exception
) -> None:
    shop = FakeShop(after=once("POST", "checkout", accident))

    books = play(a_day(tmp_path), shop)

    one, other = requests(shop, "POST", "checkout")
    assert one.headers["Idempotency-Key"] == other.headers["Idempotency-Key"]
    assert one.content == other.content
    assert len(shop.all_orders) == 1
    assert books.balanced
    assert sum(books.asked_again.values()) == 1


@pytest.mark.parametrize("step", ["products/LAMP1", "items/LAMP1", "basket", "orders"])
def test_every_lost_answer_is_asked_for_again(tmp_path: Path, step: str) -> None:
    method = "PUT" if "items" in step else "GET"
    shop = FakeShop(after=once(method, step, httpx.ReadError("cut")))

    books = play(a_day(tmp_path), shop)

    assert books.balanced
    assert books.asked_again == {"connection-lost": 1}


def test_a_shop_out_of_reach_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    def unreachable(request: httpx.Request) -> None:
        if request.url.path.endswith("checkout"):
            raise httpx.ConnectError("refused")

    shop = FakeShop(before=unreachable)

    books = play(a_day(tmp_path), shop)

    assert len(requests(shop, "POST", "checkout")) == 3
    assert (books.unaccounted, books.placed, books.refused) == (1, 0, {})
    assert "Invoice 1001 has no order: POST" in books.discrepancies[0]
    assert "connection-lost" in books.discrepancies[0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (problem(409, "product-unknown", wait="0"), "product-unknown"),
        (problem(429, "too-many-requests", wait="0"), "too-many-requests"),
        (httpx.Response(429, headers={"Retry-After": "0"}), "http-429"),
        (httpx.Response(500, json={"message": "Internal Server Error"}), "http-500"),
    ],
)
def test_a_customer_who_is_put_off_comes_back(
    tmp_path: Path, answer: httpx.Response, why: str
) -> None:
    shop = FakeShop(before=once("PUT", "items", answer))

    books = play(a_day(tmp_path), shop)

    assert books.balanced
    assert books.asked_again == {why: 1}


def test_a_customer_waits_as_long_as_told(tmp_path: Path) -> None:
    shop = FakeShop(before=once("PUT", "items", problem(409, "product-unknown", wait="0")))

    books = play(a_day(tmp_path), shop)

    assert books.seconds >= 0.05


def test_a_product_the_basket_never_hears_of_is_refused_in_the_end(tmp_path: Path) -> None:
    unknown = problem(409, "product-unknown", wait="9")
    shop = FakeShop(before=always("PUT", "LAMP1", unknown))

    books = play(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert books.refused == {"product-unknown": 1}
    assert (books.placed, books.lines_placed) == (1, 1)
    assert books.balanced


def test_a_shop_that_stays_busy_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "checkout", problem(503, "busy", wait="9")))

    books = play(a_day(tmp_path), shop)

    assert books.unaccounted == 1
    assert "(busy)" in books.discrepancies[0]


@pytest.mark.parametrize(
    "refusal", [problem(409, "product-delisted"), problem(422, "basket-full"), httpx.Response(403)]
)
def test_a_line_the_shop_refuses_is_counted_and_the_rest_is_ordered(
    tmp_path: Path, refusal: httpx.Response
) -> None:
    shop = FakeShop(before=always("PUT", "CUP", refusal))
    lines = a_line(), a_line(code="CUP", quantity=1), a_line(code="CUP", quantity=2), a_line("2")

    books = play(a_day(tmp_path, *lines), shop)

    assert list(books.refused.values()) == [2]
    assert books.value.refused == 3 * 255
    assert (books.placed, books.lines_placed, books.balanced) == (2, 2, True)


def test_a_product_without_a_page_is_not_bought(tmp_path: Path) -> None:
    shop = FakeShop(before=always("GET", "products", problem(404, "product-not-found")))

    books = play(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert books.refused == {"product-not-found": 1}
    assert books.balanced


def test_a_refused_checkout_refuses_all_its_lines(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "checkout", problem(409, "total-changed")))

    books = play(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert books.refused == {"total-changed": 2}
    assert (books.placed, books.refused_invoices, books.balanced) == (0, 1, True)


def test_an_invoice_all_of_whose_lines_are_refused_is_not_checked_out(tmp_path: Path) -> None:
    shop = FakeShop(before=always("PUT", "items", problem(409, "product-delisted")))

    books = play(a_day(tmp_path), shop)

    assert not requests(shop, "POST", "checkout")
    assert (books.refused, books.refused_invoices) == ({"product-delisted": 1}, 1)


def test_nobody_comes_for_an_invoice_without_anything_to_sell(tmp_path: Path) -> None:
    shop = FakeShop()

    books = play(a_day(tmp_path, a_line("C1", quantity=-2)), shop)

    assert [it.url.path for it in shop.asked] == ["/api/guest/orders"]
    assert (books.refused, books.value.refused) == ({"unknown-customer": 1}, -510)
    assert books.balanced


def test_a_basket_that_adds_up_wrongly_is_not_bought(tmp_path: Path) -> None:
    shop = FakeShop(overcharge=1)

    books = play(a_day(tmp_path), shop)

    assert not shop.all_orders
    assert books.unaccounted == 1
    assert "the basket comes to GBP 511 and not to GBP 510" in books.discrepancies[0]


def test_an_order_that_stays_away_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(copies=0)

    books = play(a_day(tmp_path), shop)

    assert (books.unaccounted, books.placed, books.orders_in_table) == (1, 0, 0)
    assert books.discrepancies[0] == (
        "Invoice 1001 has no order: /api/guest/orders/o-0 was still not there after 0.1 seconds."
    )


def test_an_answer_that_makes_no_sense_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(before=always("GET", "basket", httpx.Response(200, text="<html>")))

    books = play(a_day(tmp_path), shop)

    assert books.unaccounted == 1
    assert "GET /api/guest/basket has an odd answer" in books.discrepancies[0]


def test_as_many_customers_as_wanted_are_there_at_once(tmp_path: Path) -> None:
    day = a_day(tmp_path, *(a_line(str(number)) for number in range(1000, 1020)))
    one_by_one, crowded = FakeShop(), FakeShop()

    play(day, one_by_one, concurrency=1)
    play(day, crowded, concurrency=5)

    assert (one_by_one.most_at_once, crowded.most_at_once) == (1, 5)
    assert len(one_by_one.all_orders) == len(crowded.all_orders) == 20
