"""The customers of a replay buy what their invoices list, and retry when the shop fails."""

import json
import re
from pathlib import Path

import httpx
import pytest

from cli.replay.contacts import invent_contact
from cli.replay.customers import derive_token
from tests.replay.builders import SECRET, a_day, a_line, replay_day
from tests.replay.fake_shop import FakeShop, always, once
from tests.replay.responses import problem


def requests(shop: FakeShop, method: str, part_of_path: str) -> list[httpx.Request]:
    return [it for it in shop.requests if it.method == method and part_of_path in it.url.path]


def test_a_customer_reads_a_product_fills_the_basket_reads_it_and_checks_out(
    tmp_path: Path,
) -> None:
    shop = FakeShop()

    replay_day(a_day(tmp_path, a_line(), a_line(code="CUP", price="1.10", quantity=3)), shop)

    steps = [(it.method, it.url.path.removeprefix("/api/")) for it in shop.requests]
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
        ("POST", "shipments/webhooks/souk-post"),
        ("GET", "guest/orders/o-0"),
        ("GET", "guest/orders"),
    ]


def test_a_checkout_has_a_contact_and_the_expected_total(tmp_path: Path) -> None:
    shop = FakeShop()

    replay_day(a_day(tmp_path, a_line("536370", country="France")), shop)

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
def test_an_unknown_country_becomes_the_shop_s_own(country: str, code: str) -> None:
    address = invent_contact("A/1", country)["address"]

    assert isinstance(address, dict)
    assert address["country"] == code


def test_tokens_are_secret_distinct_and_reproducible() -> None:
    token = derive_token(SECRET, "guest-token", "536365")

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert token == derive_token(SECRET, "guest-token", "536365")
    assert token not in {
        derive_token(SECRET, "guest-token", "536366"),
        derive_token(SECRET, "checkout", "536365"),
        derive_token(b"of another shop", "guest-token", "536365"),
    }


def test_a_second_replay_creates_no_second_order(tmp_path: Path) -> None:
    shop, day = FakeShop(), a_day(tmp_path, a_line("1"), a_line("2"), a_line("2", "CUP"))

    first = replay_day(day, shop)
    second = replay_day(day, shop)

    assert len(shop.all_orders) == 2
    assert first.balanced
    assert second.balanced
    assert second.placed == 2


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError("connection closed"),
        httpx.ReadTimeout("timeout"),
        httpx.RemoteProtocolError("?"),
    ],
)
def test_a_checkout_without_response_is_retried_with_the_same_key(
    tmp_path: Path, error: Exception
) -> None:
    shop = FakeShop(after=once("POST", "checkout", error))

    report = replay_day(a_day(tmp_path), shop)

    first, second = requests(shop, "POST", "checkout")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.content == second.content
    assert len(shop.all_orders) == 1
    assert report.balanced
    assert sum(report.retries.values()) == 1


@pytest.mark.parametrize("step", ["products/LAMP1", "items/LAMP1", "basket", "orders"])
def test_every_request_without_response_is_retried(tmp_path: Path, step: str) -> None:
    method = "PUT" if "items" in step else "GET"
    shop = FakeShop(after=once(method, step, httpx.ReadError("connection closed")))

    report = replay_day(a_day(tmp_path), shop)

    assert report.balanced
    assert report.retries == {"connection-lost": 1}


def test_an_unreachable_shop_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    def unreachable(request: httpx.Request) -> None:
        if request.url.path.endswith("checkout"):
            raise httpx.ConnectError("refused")

    shop = FakeShop(before=unreachable)

    report = replay_day(a_day(tmp_path), shop)

    assert len(requests(shop, "POST", "checkout")) == 3
    assert (report.unaccounted, report.placed, report.refused) == (1, 0, {})
    assert "Invoice 1001 has no order: POST" in report.discrepancies[0]
    assert "connection-lost" in report.discrepancies[0]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (problem(409, "product-unknown", retry_after="0"), "product-unknown"),
        (problem(429, "too-many-requests", retry_after="0"), "too-many-requests"),
        (httpx.Response(429, headers={"Retry-After": "0"}), "http-429"),
        (httpx.Response(500, json={"message": "Internal Server Error"}), "http-500"),
    ],
)
def test_a_temporary_error_is_retried(
    tmp_path: Path, response: httpx.Response, reason: str
) -> None:
    shop = FakeShop(before=once("PUT", "items", response))

    report = replay_day(a_day(tmp_path), shop)

    assert report.balanced
    assert report.retries == {reason: 1}


def test_a_customer_waits_before_a_retry(tmp_path: Path) -> None:
    shop = FakeShop(before=once("PUT", "items", problem(409, "product-unknown", retry_after="0")))

    report = replay_day(a_day(tmp_path), shop)

    assert report.seconds >= 0.05


def test_a_product_that_stays_unknown_to_the_basket_is_refused(tmp_path: Path) -> None:
    unknown = problem(409, "product-unknown", retry_after="9")
    shop = FakeShop(before=always("PUT", "LAMP1", unknown))

    report = replay_day(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert report.refused == {"product-unknown": 1}
    assert (report.placed, report.lines_placed) == (1, 1)
    assert report.balanced


def test_a_shop_that_stays_busy_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "checkout", problem(503, "busy", retry_after="9")))

    report = replay_day(a_day(tmp_path), shop)

    assert report.unaccounted == 1
    assert "(busy)" in report.discrepancies[0]


@pytest.mark.parametrize(
    "response",
    [problem(409, "product-delisted"), problem(422, "basket-full"), httpx.Response(403)],
)
def test_a_refused_line_is_counted_and_the_rest_is_ordered(
    tmp_path: Path, response: httpx.Response
) -> None:
    shop = FakeShop(before=always("PUT", "CUP", response))
    lines = a_line(), a_line(code="CUP", quantity=1), a_line(code="CUP", quantity=2), a_line("2")

    report = replay_day(a_day(tmp_path, *lines), shop)

    assert list(report.refused.values()) == [2]
    assert report.value.refused == 3 * 255
    assert (report.placed, report.lines_placed, report.balanced) == (2, 2, True)


def test_a_product_without_a_page_is_not_bought(tmp_path: Path) -> None:
    shop = FakeShop(before=always("GET", "products", problem(404, "product-not-found")))

    report = replay_day(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert report.refused == {"product-not-found": 1}
    assert report.balanced


def test_a_refused_checkout_refuses_all_its_lines(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "checkout", problem(409, "total-changed")))

    report = replay_day(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert report.refused == {"total-changed": 2}
    assert (report.placed, report.refused_invoices, report.balanced) == (0, 1, True)


def test_an_invoice_with_only_refused_lines_is_not_checked_out(tmp_path: Path) -> None:
    shop = FakeShop(before=always("PUT", "items", problem(409, "product-delisted")))

    report = replay_day(a_day(tmp_path), shop)

    assert not requests(shop, "POST", "checkout")
    assert (report.refused, report.refused_invoices) == ({"product-delisted": 1}, 1)


def test_an_invoice_without_lines_to_sell_has_no_customer(tmp_path: Path) -> None:
    shop = FakeShop()

    report = replay_day(a_day(tmp_path, a_line("C1", quantity=-2)), shop)

    assert [it.url.path for it in shop.requests] == ["/api/guest/orders"]
    assert (report.refused, report.value.refused) == ({"unknown-customer": 1}, -510)
    assert report.balanced


def test_a_basket_with_a_wrong_subtotal_is_not_checked_out(tmp_path: Path) -> None:
    shop = FakeShop(overcharge=1)

    report = replay_day(a_day(tmp_path), shop)

    assert not shop.all_orders
    assert report.unaccounted == 1
    assert "the basket's subtotal is GBP 511 instead of GBP 510" in report.discrepancies[0]


def test_an_order_that_never_appears_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(orders_per_checkout=0)

    report = replay_day(a_day(tmp_path), shop)

    assert (report.unaccounted, report.placed, report.orders_in_table) == (1, 0, 0)
    assert report.discrepancies[0] == (
        "Invoice 1001 has no order: /api/guest/orders/o-0 was still not found after 0.1 seconds."
    )


def test_an_unexpected_response_leaves_the_invoice_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop(before=always("GET", "basket", httpx.Response(200, text="<html>")))

    report = replay_day(a_day(tmp_path), shop)

    assert report.unaccounted == 1
    assert "GET /api/guest/basket has an unexpected response" in report.discrepancies[0]


def test_the_concurrency_limits_the_customers_at_the_same_time(tmp_path: Path) -> None:
    day = a_day(tmp_path, *(a_line(str(number)) for number in range(1000, 1020)))
    sequential, concurrent = FakeShop(), FakeShop()

    replay_day(day, sequential, concurrency=1)
    replay_day(day, concurrent, concurrency=5)

    assert (sequential.max_concurrency, concurrent.max_concurrency) == (1, 5)
    assert len(sequential.all_orders) == len(concurrent.all_orders) == 20
