"""The basket as guests and customers see it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.basket import handlers
from souk.basket.events import BasketCheckedOut
from souk.edges import http
from souk.kernel.money import Money
from tests.basket.builders import a_rate, an_offer, an_option
from tests.basket.fakes import FakeBaskets
from tests.kernel.builders import GUEST_TOKEN, Response, answer_to
from tests.kernel.logs import logged

call = partial(answer_to, http.api(handlers.ROUTES))
ADDRESS = {"line1": "1 St James's Square", "city": "London", "country": "GB"}
CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "address": ADDRESS,
}


def pounds(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "GBP"}


def a_wish(total: int = 2598 + 495, **given: Any) -> dict[str, Any]:
    known = {"contact": CONTACT, "shipping_option": "standard", "payment_token": "tok_visa"}
    return {**known, "expected_total": pounds(total), **given}


def of_country(country: str) -> dict[str, Any]:
    return CONTACT | {"address": ADDRESS | {"country": country}}


@pytest.fixture(autouse=True)
def baskets(monkeypatch: pytest.MonkeyPatch) -> FakeBaskets:
    fake = FakeBaskets(an_offer("LAMP-1", price=1299), an_offer("OLD-1", listed=False))
    settings = handlers.BasketSettings(table_name="table", currency="GBP")
    monkeypatch.setattr(handlers, "baskets", lambda: fake)
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    return fake


def as_guest(method: str, path: str, body: Any = None, **headers: str) -> Response:
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return call(method, f"/api/guest{path}", body=text, guest_token=GUEST_TOKEN, **headers)


def put_lamps(quantity: int = 2) -> Response:
    return as_guest("PUT", "/basket/items/LAMP-1", {"quantity": quantity})


def check_out(body: Any = None, key: str = "key-1") -> Response:
    return as_guest("POST", "/basket/checkout", body or a_wish(), idempotency_key=key)


def test_an_empty_basket_costs_nothing_and_tells_what_shipping_would() -> None:
    seen = as_guest("GET", "/basket")

    assert seen.status == 200
    assert seen.body == {
        "basket_id": None,
        "lines": [],
        "subtotal": pounds(0),
        "weight_grams": 0,
        "shipping_options": [{"id": "standard", "price": pounds(495), "name": "Name of standard"}],
        "expires_at": None,
    }


def test_a_line_put_is_answered_and_seen_with_its_total() -> None:
    put = put_lamps(2)
    seen = as_guest("GET", "/basket")

    assert put.status == 200
    assert seen.body["lines"] == [
        {
            "sku": "LAMP-1",
            "name": "Name of LAMP-1",
            "quantity": 2,
            "unit_price": pounds(1299),
            "line_total": pounds(2598),
            "notes": [],
        }
    ]
    assert put.body == seen.body["lines"][0]
    assert seen.body["subtotal"] == pounds(2598)
    assert seen.body["basket_id"]
    assert seen.body["expires_at"].endswith("Z")


def test_a_price_change_is_noted_with_both_prices(baskets: FakeBaskets) -> None:
    put_lamps()
    baskets.learn(an_offer("LAMP-1", price=999, listed=False, version=2))

    seen = as_guest("GET", "/basket")

    assert seen.body["lines"][0]["notes"] == [
        {"kind": "price-changed", "was": pounds(1299), "now": pounds(999)},
        {"kind": "delisted"},
    ]


def test_what_is_sold_out_is_noted_on_its_line_and_not_checked_out(baskets: FakeBaskets) -> None:
    put_lamps()
    baskets.note_stock("LAMP-1", 2, sold_out=True)

    seen, refused = as_guest("GET", "/basket"), check_out()

    assert seen.body["lines"][0]["notes"] == [{"kind": "sold-out"}]
    assert (refused.status, refused.body["type"]) == (409, "/problems/sold-out")
    assert refused.body["skus"] == ["LAMP-1"]
    assert (baskets.said, baskets.kept) == ([], {})


def test_what_is_back_in_stock_is_checked_out(baskets: FakeBaskets) -> None:
    put_lamps()
    baskets.note_stock("LAMP-1", 2, sold_out=True)
    baskets.note_stock("LAMP-1", 3, sold_out=False)

    assert as_guest("GET", "/basket").body["lines"][0]["notes"] == []
    assert check_out().status == 202


@pytest.mark.parametrize("quantity", [0, -1, 100_001, 1.5, "2", None])
def test_a_quantity_is_a_number_a_shop_can_deliver(quantity: Any) -> None:
    refused = as_guest("PUT", "/basket/items/LAMP-1", {"quantity": quantity})

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == "/quantity"


def test_who_puts_a_product_too_early_is_told_to_ask_again() -> None:
    refused = as_guest("PUT", "/basket/items/NEW-1", {"quantity": 1})

    assert (refused.status, refused.body["type"]) == (409, "/problems/product-unknown")
    assert refused.headers["Retry-After"] == "1"


def test_a_delisted_product_is_not_put() -> None:
    refused = as_guest("PUT", "/basket/items/OLD-1", {"quantity": 1})

    assert (refused.status, refused.body["type"]) == (409, "/problems/product-delisted")


def test_a_line_removed_twice_is_removed() -> None:
    put_lamps()

    removed = [as_guest("DELETE", "/basket/items/LAMP-1").status for _ in range(2)]

    assert removed == [204, 204]
    assert as_guest("GET", "/basket").body["lines"] == []


def test_a_guests_checkout_is_answered_with_the_orders_place_among_guests() -> None:
    put_lamps()

    accepted = check_out()

    assert accepted.status == 202
    assert accepted.body == {"order_id": accepted.body["order_id"], "total": pounds(3093)}
    assert accepted.headers["Location"] == f"/api/guest/orders/{accepted.body['order_id']}"


def test_a_customers_checkout_is_answered_with_the_orders_place_among_customers() -> None:
    ada = {"claims": {"sub": "ada"}}
    call("PUT", "/api/basket/items/LAMP-1", body='{"quantity": 2}', **ada)

    accepted = call(
        "POST",
        "/api/basket/checkout",
        body=json.dumps(a_wish()),
        idempotency_key="key-1",
        **ada,
    )

    assert accepted.headers["Location"] == f"/api/orders/{accepted.body['order_id']}"


def test_a_lost_answer_asked_for_again_is_the_same(baskets: FakeBaskets) -> None:
    put_lamps()
    first = check_out(json.dumps(a_wish()))

    again = check_out(json.dumps(a_wish(), indent=2, sort_keys=True))

    assert (again.status, again.body) == (202, first.body)
    assert len(baskets.said) == 1


def test_another_body_under_the_same_key_is_refused() -> None:
    put_lamps()
    check_out()

    refused = check_out(a_wish(payment_token="tok_other"))

    assert (refused.status, refused.body["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize("key", ["", "two words", "x" * 65, "clé"])
def test_a_checkout_needs_a_key_that_can_be_kept(key: str, baskets: FakeBaskets) -> None:
    put_lamps()

    refused = check_out(key=key)

    assert (refused.status, refused.body["type"]) == (400, "/problems/invalid-header")
    assert refused.body["errors"][0]["pointer"] == "/Idempotency-Key"
    assert baskets.said == []


def test_another_total_is_told_with_the_present_one(baskets: FakeBaskets) -> None:
    put_lamps()
    baskets.learn(an_offer("LAMP-1", price=1400, version=2))

    refused = check_out()

    assert (refused.status, refused.body["type"]) == (409, "/problems/total-changed")
    assert refused.body["total"] == pounds(3295)
    assert refused.body["changes"] == [{"sku": "LAMP-1", "was": pounds(1299), "now": pounds(1400)}]


def test_an_empty_basket_is_not_checked_out() -> None:
    assert check_out().body["type"] == "/problems/basket-empty"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"contact": CONTACT | {"email": "ada"}}, "/contact/email"),
        ({"contact": CONTACT | {"email": "ada@example.org\n"}}, "/contact/email"),
        ({"contact": CONTACT | {"name": ""}}, "/contact/name"),
        ({"contact": CONTACT | {"name": "Ada\nBcc: all"}}, "/contact/name"),
        ({"contact": CONTACT | {"address": {"city": "London"}}}, "/contact/address"),
        ({"contact": of_country("GB\n")}, "/contact/address/country"),
        ({"contact": of_country("gb")}, "/contact/address/country"),
        ({"payment_token": "4111 1111 1111 1111"}, "/payment_token"),
        ({"shipping_option": "rocket"}, "/shipping_option"),
        ({"card_number": "4111111111111111"}, ""),
    ],
)
def test_a_checkout_that_cannot_be_served_is_refused_by_field(
    wrong: dict[str, Any], pointer: str, baskets: FakeBaskets
) -> None:
    put_lamps()

    refused = check_out(a_wish(**wrong))

    assert (refused.status, refused.body["type"]) == (422, "/problems/invalid-body")
    assert refused.body["errors"][0]["pointer"] == pointer
    assert (baskets.said, baskets.kept) == ([], {})


def prices(answer: Response, listed: str = "items") -> list[int]:
    return [each["price"]["amount"] for each in answer.body[listed]]


def test_anybody_is_told_what_sending_there_costs_cheapest_first(baskets: FakeBaskets) -> None:
    baskets.learn_option(an_option("express", a_rate("GB", 995, up_to=2000), a_rate("FR", 100)))

    home = call(path="/api/shipping-options", query={"country": "GB", "weight_grams": "1200"})
    heavy = call(path="/api/shipping-options", query={"country": "GB", "weight_grams": "2001"})
    abroad = call(path="/api/shipping-options", query={"country": "FR"})
    anywhere = call(path="/api/shipping-options")

    assert home.body["items"][1] == {
        "option": "express",
        "name": "Name of express",
        "price": pounds(995),
    }
    assert [prices(each) for each in (home, heavy, abroad, anywhere)] == [
        [495, 995],
        [495],
        [100, 495],
        [495],
    ]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"country": "gb"}, "/country"),
        ({"country": "GB\n"}, "/country"),
        ({"weight_grams": "-1"}, "/weight_grams"),
        ({"weight_grams": "1.5"}, "/weight_grams"),
    ],
)
def test_a_place_or_weight_there_is_not_is_named(query: dict[str, str], pointer: str) -> None:
    asked = call(path="/api/shipping-options", query=query)

    assert (asked.status, asked.body["errors"][0]["pointer"]) == (400, pointer)


def test_a_basket_tells_its_weight_and_how_it_is_sent_there(baskets: FakeBaskets) -> None:
    baskets.learn_option(an_option("express", a_rate("GB", 995, up_to=2000)))
    put_lamps(2)
    guest: dict[str, Any] = {"guest_token": GUEST_TOKEN}

    seen = call(path="/api/guest/basket", query={"country": "GB"}, **guest)
    put_lamps(3)
    heavier = call(path="/api/guest/basket", query={"country": "GB"}, **guest)

    assert (seen.body["weight_grams"], heavier.body["weight_grams"]) == (1800, 2700)
    assert prices(seen, "shipping_options") == [495, 995]
    assert prices(heavier, "shipping_options") == [495]


def test_an_address_the_option_does_not_serve_is_told_those_that_do(baskets: FakeBaskets) -> None:
    baskets.learn_option(an_option("express", a_rate("FR", 995)))
    put_lamps()

    refused = check_out(a_wish(shipping_option="express"))

    assert (refused.status, refused.body["type"]) == (409, "/problems/not-served")
    assert (refused.body["country"], refused.body["weight_grams"]) == ("GB", 1800)
    assert prices(refused, "options") == [495]
    assert (baskets.said, baskets.kept) == ([], {})


def test_an_address_that_no_option_serves_is_told_so(baskets: FakeBaskets) -> None:
    baskets.learn_option(an_option("standard", a_rate("FR", 495), version=2))
    put_lamps()

    refused = check_out()

    assert (refused.status, refused.body["type"]) == (409, "/problems/not-served")
    assert refused.body["options"] == []


def test_an_option_that_is_not_offered_any_more_is_none(baskets: FakeBaskets) -> None:
    baskets.learn_option(an_option("standard", offered=False, version=2))
    put_lamps()

    refused = check_out()

    assert refused.body["errors"][0]["pointer"] == "/shipping_option"


def test_a_shipping_price_that_changed_is_told_and_then_accepted(baskets: FakeBaskets) -> None:
    put_lamps()
    baskets.learn_option(an_option("standard", a_rate("*", 595), version=2))

    refused = check_out(a_wish(2598 + 495))
    accepted = check_out(a_wish(2598 + 595))

    assert (refused.status, refused.body["type"]) == (409, "/problems/total-changed")
    assert refused.body["shipping"] == pounds(595)
    assert refused.body["changes"] == []
    assert accepted.status == 202
    (fact,) = baskets.said
    assert isinstance(fact, BasketCheckedOut)
    assert (fact.shipping, fact.total) == (Money(595, "GBP"), Money(3193, "GBP"))


def test_nothing_personal_is_logged() -> None:
    with logged() as lines:
        put_lamps()
        check_out()
        check_out(a_wish(contact=CONTACT | {"email": "ada-at-example.org"}))

    text = json.dumps(lines)
    assert [line["status"] for line in lines] == [200, 202, 422]
    for secret in ("Lovelace", "example.org", "St James", "tok_visa", GUEST_TOKEN):
        assert secret not in text
