"""The responses of the running shop match the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from infra import contracts
from infra.contracts.http_api import Problem
from infra.contracts.parameters import HEADERS
from local.shop import RunningShop
from souk.runtime.routes import Route
from souk.services import SERVICES
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud

DOCUMENT = contracts.openapi()


def documented_routes() -> Iterator[tuple[re.Pattern[str], str, Route]]:
    for service in SERVICES:
        for route in service.routes:
            for path in route.paths():
                pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
                yield pattern, path, route


def find_route(request: httpx.Request) -> tuple[str, Route]:
    matches = [
        (path, route)
        for pattern, path, route in documented_routes()
        if route.method == request.method and pattern.fullmatch(request.url.path)
    ]
    assert matches, f"{request.method} {request.url.path} is not documented"
    return matches[0]


class ResponseChecker:
    """Checks every response of an HTTP client against the document."""

    def __init__(self) -> None:
        self.statuses: set[int] = set()

    def __call__(self, response: httpx.Response) -> None:
        response.read()
        path, route = find_route(response.request)
        status = str(response.status_code)
        responses = DOCUMENT["paths"][path][response.request.method.lower()]["responses"]
        assert status in responses, f"{path}: {status} {response.text}"
        documented = responses[status]
        headers = {name for name in HEADERS if name in response.headers}
        expected = set(documented.get("headers", {}))
        assert headers == expected if response.is_success else headers <= expected, (path, headers)
        if response.content:
            assert response.headers["content-type"] in documented["content"]
        if response.is_success and route.response is not None:
            msgspec.json.decode(response.content, type=route.response, strict=True)
        if "application/problem+json" in documented.get("content", {}):
            msgspec.json.decode(response.content, type=Problem, strict=True)
        self.statuses.add(response.status_code)


@pytest.fixture
def checker() -> ResponseChecker:
    return ResponseChecker()


@pytest.fixture
def sam(shop: RunningShop, checker: ResponseChecker) -> Staff:
    sam = Staff(shop)
    sam.http.event_hooks["response"].append(checker)
    return sam


@pytest.fixture
def guest(shop: RunningShop, checker: ResponseChecker) -> Guest:
    guest = Guest(shop)
    guest.http.event_hooks["response"].append(checker)
    return guest


def test_responses_about_products_are_documented(sam: Staff, checker: ResponseChecker) -> None:
    sku = sam.list_product()
    etag = sam.http.get(f"/products/{sku}").headers["ETag"]
    price = {"price": {"amount": 1799, "currency": "GBP"}}
    path = f"/staff/products/{sku}"

    sam.http.put(f"{path}/price", json=price)
    sam.http.put(f"{path}/price", json=price, headers={"If-Match": "three"})
    sam.http.put(f"{path}/price", json={"price": 1799}, headers={"If-Match": etag})
    changed = sam.http.put(f"{path}/price", json=price, headers={"If-Match": etag})
    sam.http.put(f"{path}/price", json=price, headers={"If-Match": etag})
    sam.http.post(f"{path}/delisting", headers={"If-Match": "three"})
    sam.http.post(f"{path}/delisting", headers={"If-Match": changed.headers["ETag"]})
    sam.http.put("/staff/products/none/price", json=price, headers={"If-Match": etag})
    sam.http.post("/staff/products", content="{")
    sam.http.post("/staff/products", json={}, headers={"Authorization": "Bearer nobody"})

    assert checker.statuses == {200, 201, 400, 401, 404, 412, 422, 428}


def test_responses_about_stock_are_documented(sam: Staff, checker: ResponseChecker) -> None:
    path = f"/staff/stock/{new_key()}"

    def post(resource: str, body: dict[str, object], key: str) -> None:
        sam.http.post(f"{path}/{resource}", json=body, headers={"Idempotency-Key": key})

    sam.http.get(path)
    post("receipts", {"quantity": 5}, "key-1")
    post("receipts", {"quantity": 6}, "key-1")
    post("receipts", {"quantity": 6}, "not a key")
    post("adjustments", {"quantity": -1, "reason": "broken"}, "key-2")
    post("adjustments", {"quantity": -5, "reason": "lost"}, "key-3")
    post("adjustments", {"quantity": 0, "reason": "none"}, "key-4")
    sam.http.get(path)
    sam.http.get("/staff/stock?limit=1")
    sam.http.get("/staff/stock?cursor=invalid")

    assert checker.statuses == {200, 201, 400, 404, 409, 422}


def test_responses_about_shipping_are_documented(
    sam: Staff, guest: Guest, checker: ResponseChecker
) -> None:
    option_id, price = f"test-{new_key()}", {"amount": 99999, "currency": "GBP"}
    details = {"name": "Test", "rates": [{"country": "AQ", "price": price}]}
    path = f"/staff/shipping-options/{option_id}"
    guest.put(sam.list_product())
    order_id = guest.place_order()
    guest.wait_for_decision(order_id)
    shipment = f"/staff/shipments/{order_id}"
    wait_until("the shipment", lambda: sam.http.get(shipment).is_success)

    for _ in range(2):
        sam.http.post("/staff/shipping-options", json={"id": option_id} | details)
    for version in ('"1"', '"1"', "one"):
        sam.http.put(path, json=details, headers={"If-Match": version})
    sam.http.put(path, json=details)
    sam.http.get("/staff/shipping-options")
    sam.http.get("/staff/shipments?limit=1")
    sam.http.get("/staff/shipments?status=lost")
    sam.http.post(f"{shipment}/dispatch", json={"carrier": "A B"})
    sam.http.post(f"{shipment}/dispatch", json={})
    sam.http.get("/staff/orders?status=dispatched&limit=1")
    sam.http.get(f"/staff/orders/{order_id}")
    guest.http.post(f"/guest/orders/{order_id}/cancellation")
    guest.http.post("/guest/orders/none/cancellation")

    assert checker.statuses == {200, 201, 202, 400, 404, 409, 412, 422, 428}


def test_responses_about_basket_and_orders_are_documented(
    sam: Staff, guest: Guest, checker: ResponseChecker
) -> None:
    sku = sam.list_product()
    guest.http.put("/guest/basket/items/unknown-sku", json={"quantity": 1})
    guest.put(sku, quantity=2)
    request = guest.checkout_request()

    guest.check_out(request, "not a key")
    guest.check_out({**request, "expected_total": {"amount": 1, "currency": "GBP"}}, new_key())
    checkout = guest.check_out(request, new_key())
    guest.wait_for_order(checkout.json()["order_id"])
    guest.orders()
    guest.http.get("/guest/orders?limit=0")
    guest.http.get("/guest/orders/none")
    guest.http.delete(f"/guest/basket/items/{sku}")
    guest.http.get("/guest/basket", headers={"Guest-Token": "short"})

    assert checker.statuses >= {200, 201, 202, 204, 400, 401, 404, 409}


def test_responses_of_public_routes_are_documented(
    sam: Staff, guest: Guest, checker: ResponseChecker
) -> None:
    sku = sam.list_product()

    for path in (f"/products/{sku}", "/products/none", "/products?limit=1", "/categories"):
        guest.http.get(path)
    guest.http.get("/products?cursor=invalid")
    guest.http.get("/shipping-options?country=GB&weight_grams=900")
    guest.http.get("/shipping-options?country=Britain")
    guest.http.post("/shipments/webhooks/souk-post", content="{}")

    assert checker.statuses == {200, 201, 400, 404}
