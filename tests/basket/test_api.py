"""The basket's API, called by guests and customers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.basket import handlers
from souk.basket.events import BasketCheckedOut
from souk.kernel.money import Money
from souk.runtime import http
from tests.basket.builders import a_rate, a_shipping_option, an_offer
from tests.basket.fakes import FakeBaskets
from tests.kernel.builders import GUEST_TOKEN, Response, send_request
from tests.kernel.logs import capture_log

call = partial(send_request, http.api_handler(handlers.ROUTES))
ADDRESS = {"line1": "1 St James's Square", "city": "London", "country": "GB"}
CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "address": ADDRESS,
}


def pounds(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "GBP"}


def a_checkout_request(total: int = 2598 + 495, **fields: Any) -> dict[str, Any]:
    defaults = {"contact": CONTACT, "shipping_option": "standard", "payment_token": "tok_visa"}
    return {**defaults, "expected_total": pounds(total), **fields}


def a_contact_in(country: str) -> dict[str, Any]:
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


def set_lamps(quantity: int = 2) -> Response:
    return as_guest("PUT", "/basket/items/LAMP-1", {"quantity": quantity})


def check_out(body: Any = None, key: str = "key-1") -> Response:
    return as_guest("POST", "/basket/checkout", body or a_checkout_request(), idempotency_key=key)


def test_an_empty_basket_costs_nothing_and_lists_shipping_options() -> None:
    basket = as_guest("GET", "/basket")

    assert basket.status == 200
    assert basket.body == {
        "basket_id": None,
        "lines": [],
        "subtotal": pounds(0),
        "weight_grams": 0,
        "shipping_options": [{"id": "standard", "name": "Name of standard", "price": pounds(495)}],
        "expires_at": None,
    }


def test_a_line_is_returned_and_listed_with_its_total() -> None:
    line = set_lamps(2)
    basket = as_guest("GET", "/basket")

    assert line.status == 200
    assert basket.body["lines"] == [
        {
            "sku": "LAMP-1",
            "name": "Name of LAMP-1",
            "quantity": 2,
            "unit_price": pounds(1299),
            "line_total": pounds(2598),
            "notes": [],
        }
    ]
    assert line.body == basket.body["lines"][0]
    assert basket.body["subtotal"] == pounds(2598)
    assert basket.body["basket_id"]
    assert basket.body["expires_at"].endswith("Z")


def test_a_price_change_is_noted_with_both_prices(baskets: FakeBaskets) -> None:
    set_lamps()
    baskets.save_offer(an_offer("LAMP-1", price=999, listed=False, version=2))

    basket = as_guest("GET", "/basket")

    assert basket.body["lines"][0]["notes"] == [
        {
            "type": "price-changed",
            "previous_price": pounds(1299),
            "current_price": pounds(999),
        },
        {"type": "delisted"},
    ]


def test_a_sold_out_product_is_noted_on_its_line_and_blocks_checkout(baskets: FakeBaskets) -> None:
    set_lamps()
    baskets.save_availability("LAMP-1", 2, sold_out=True)

    basket, refused = as_guest("GET", "/basket"), check_out()

    assert basket.body["lines"][0]["notes"] == [{"type": "sold-out"}]
    assert (refused.status, refused.body["type"]) == (409, "/problems/sold-out")
    assert refused.body["skus"] == ["LAMP-1"]
    assert (baskets.published, baskets.contacts) == ([], {})


def test_a_product_back_in_stock_can_be_checked_out(baskets: FakeBaskets) -> None:
    set_lamps()
    baskets.save_availability("LAMP-1", 2, sold_out=True)
    baskets.save_availability("LAMP-1", 3, sold_out=False)

    assert as_guest("GET", "/basket").body["lines"][0]["notes"] == []
    assert check_out().status == 202


@pytest.mark.parametrize("quantity", [0, -1, 100_001, 1.5, "2", None])
def test_a_quantity_is_a_whole_number_within_the_limits(quantity: Any) -> None:
    refused = as_guest("PUT", "/basket/items/LAMP-1", {"quantity": quantity})

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == "/quantity"


def test_a_product_that_is_not_known_yet_gets_a_retry_after_header() -> None:
    refused = as_guest("PUT", "/basket/items/NEW-1", {"quantity": 1})

    assert (refused.status, refused.body["type"]) == (409, "/problems/product-unknown")
    assert refused.headers["Retry-After"] == "1"


def test_a_delisted_product_cannot_be_added() -> None:
    refused = as_guest("PUT", "/basket/items/OLD-1", {"quantity": 1})

    assert (refused.status, refused.body["type"]) == (409, "/problems/product-delisted")


def test_removing_a_line_twice_succeeds() -> None:
    set_lamps()

    statuses = [as_guest("DELETE", "/basket/items/LAMP-1").status for _ in range(2)]

    assert statuses == [204, 204]
    assert as_guest("GET", "/basket").body["lines"] == []


def test_a_guests_checkout_returns_the_location_of_a_guest_order() -> None:
    set_lamps()

    accepted = check_out()

    assert accepted.status == 202
    assert accepted.body == {"order_id": accepted.body["order_id"], "total": pounds(3093)}
    assert accepted.headers["Location"] == f"/api/guest/orders/{accepted.body['order_id']}"


def test_a_customers_checkout_returns_the_location_of_a_customer_order() -> None:
    ada = {"claims": {"sub": "ada"}}
    call("PUT", "/api/basket/items/LAMP-1", body='{"quantity": 2}', **ada)

    accepted = call(
        "POST",
        "/api/basket/checkout",
        body=json.dumps(a_checkout_request()),
        idempotency_key="key-1",
        **ada,
    )

    assert accepted.headers["Location"] == f"/api/orders/{accepted.body['order_id']}"


def test_a_repeated_checkout_returns_the_same_response(baskets: FakeBaskets) -> None:
    set_lamps()
    first = check_out(json.dumps(a_checkout_request()))

    repeated = check_out(json.dumps(a_checkout_request(), indent=2, sort_keys=True))

    assert (repeated.status, repeated.body) == (202, first.body)
    assert len(baskets.published) == 1


def test_another_request_with_the_same_key_is_refused() -> None:
    set_lamps()
    check_out()

    refused = check_out(a_checkout_request(payment_token="tok_other"))

    assert (refused.status, refused.body["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize("key", ["", "two words", "x" * 65, "clé"])
def test_a_checkout_needs_a_valid_idempotency_key(key: str, baskets: FakeBaskets) -> None:
    set_lamps()

    refused = check_out(key=key)

    assert (refused.status, refused.body["type"]) == (400, "/problems/invalid-header")
    assert refused.body["errors"][0]["pointer"] == "/Idempotency-Key"
    assert baskets.published == []


def test_a_checkout_at_an_outdated_total_returns_the_current_one(baskets: FakeBaskets) -> None:
    set_lamps()
    baskets.save_offer(an_offer("LAMP-1", price=1400, version=2))

    refused = check_out()

    assert (refused.status, refused.body["type"]) == (409, "/problems/total-changed")
    assert refused.body["total"] == pounds(3295)
    assert refused.body["changes"] == [
        {"sku": "LAMP-1", "previous_price": pounds(1299), "current_price": pounds(1400)}
    ]


def test_an_empty_basket_cannot_be_checked_out() -> None:
    assert check_out().body["type"] == "/problems/basket-empty"


@pytest.mark.parametrize(
    ("invalid", "pointer"),
    [
        ({"contact": CONTACT | {"email": "ada"}}, "/contact/email"),
        ({"contact": CONTACT | {"email": "ada@example.org\n"}}, "/contact/email"),
        ({"contact": CONTACT | {"name": ""}}, "/contact/name"),
        ({"contact": CONTACT | {"name": "Ada\nBcc: all"}}, "/contact/name"),
        ({"contact": CONTACT | {"address": {"city": "London"}}}, "/contact/address"),
        ({"contact": a_contact_in("GB\n")}, "/contact/address/country"),
        ({"contact": a_contact_in("gb")}, "/contact/address/country"),
        ({"payment_token": "4111 1111 1111 1111"}, "/payment_token"),
        ({"shipping_option": "rocket"}, "/shipping_option"),
        ({"card_number": "4111111111111111"}, ""),
    ],
)
def test_an_invalid_checkout_names_the_invalid_field(
    invalid: dict[str, Any], pointer: str, baskets: FakeBaskets
) -> None:
    set_lamps()

    refused = check_out(a_checkout_request(**invalid))

    assert (refused.status, refused.body["type"]) == (422, "/problems/invalid-request")
    assert refused.body["errors"][0]["pointer"] == pointer
    assert (baskets.published, baskets.contacts) == ([], {})


def prices(response: Response, list_name: str = "items") -> list[int]:
    return [option["price"]["amount"] for option in response.body[list_name]]


def test_anybody_can_list_shipping_options_cheapest_first(baskets: FakeBaskets) -> None:
    rates = a_rate("GB", 995, max_grams=2000), a_rate("FR", 100)
    baskets.save_shipping_option(a_shipping_option("express", *rates))

    home = call(path="/api/shipping-options", query={"country": "GB", "weight_grams": "1200"})
    heavy = call(path="/api/shipping-options", query={"country": "GB", "weight_grams": "2001"})
    abroad = call(path="/api/shipping-options", query={"country": "FR"})
    all_countries = call(path="/api/shipping-options")

    assert home.body["items"][1] == {
        "id": "express",
        "name": "Name of express",
        "price": pounds(995),
    }
    assert [prices(each) for each in (home, heavy, abroad, all_countries)] == [
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
def test_an_invalid_country_or_weight_is_refused_by_parameter(
    query: dict[str, str], pointer: str
) -> None:
    refused = call(path="/api/shipping-options", query=query)

    assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, pointer)


def test_a_basket_lists_its_weight_and_the_options_that_ship_it(baskets: FakeBaskets) -> None:
    baskets.save_shipping_option(a_shipping_option("express", a_rate("GB", 995, max_grams=2000)))
    set_lamps(2)
    guest: dict[str, Any] = {"guest_token": GUEST_TOKEN}

    basket = call(path="/api/guest/basket", query={"country": "GB"}, **guest)
    set_lamps(3)
    heavier = call(path="/api/guest/basket", query={"country": "GB"}, **guest)

    assert (basket.body["weight_grams"], heavier.body["weight_grams"]) == (1800, 2700)
    assert prices(basket, "shipping_options") == [495, 995]
    assert prices(heavier, "shipping_options") == [495]


def test_a_checkout_with_an_unavailable_option_lists_the_available_ones(
    baskets: FakeBaskets,
) -> None:
    baskets.save_shipping_option(a_shipping_option("express", a_rate("FR", 995)))
    set_lamps()

    refused = check_out(a_checkout_request(shipping_option="express"))

    assert (refused.status, refused.body["type"]) == (409, "/problems/shipping-option-unavailable")
    assert (refused.body["country"], refused.body["weight_grams"]) == ("GB", 1800)
    assert prices(refused, "options") == [495]
    assert (baskets.published, baskets.contacts) == ([], {})


def test_a_checkout_to_a_country_without_options_lists_none(baskets: FakeBaskets) -> None:
    baskets.save_shipping_option(a_shipping_option("standard", a_rate("FR", 495), version=2))
    set_lamps()

    refused = check_out()

    assert (refused.status, refused.body["type"]) == (409, "/problems/shipping-option-unavailable")
    assert refused.body["options"] == []


def test_an_option_that_is_no_longer_offered_is_refused(baskets: FakeBaskets) -> None:
    baskets.save_shipping_option(a_shipping_option("standard", offered=False, version=2))
    set_lamps()

    refused = check_out()

    assert refused.body["errors"][0]["pointer"] == "/shipping_option"


def test_a_changed_shipping_price_is_reported_and_can_be_accepted(baskets: FakeBaskets) -> None:
    set_lamps()
    baskets.save_shipping_option(a_shipping_option("standard", a_rate("*", 595), version=2))

    refused = check_out(a_checkout_request(2598 + 495))
    accepted = check_out(a_checkout_request(2598 + 595))

    assert (refused.status, refused.body["type"]) == (409, "/problems/total-changed")
    assert refused.body["shipping"] == pounds(595)
    assert refused.body["changes"] == []
    assert accepted.status == 202
    (event,) = baskets.published
    assert isinstance(event, BasketCheckedOut)
    assert (event.shipping, event.total) == (Money(595, "GBP"), Money(3193, "GBP"))


def test_no_personal_data_is_logged() -> None:
    with capture_log() as lines:
        set_lamps()
        check_out()
        check_out(a_checkout_request(contact=CONTACT | {"email": "ada-at-example.org"}))

    text = json.dumps(lines)
    assert [line["status"] for line in lines] == [200, 202, 422]
    for secret in ("Lovelace", "example.org", "St James", "tok_visa", GUEST_TOKEN):
        assert secret not in text
