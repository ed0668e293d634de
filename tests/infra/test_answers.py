"""What the running shop answers is what its document says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from infra import contracts
from infra.contracts.http_api import Problem
from infra.contracts.parameters import HEADERS
from local.shop import Running
from souk.edges.routes import Route
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud

DOCUMENT = contracts.openapi()


def routes() -> Iterator[tuple[re.Pattern[str], str, Route]]:
    for room in contracts.ROOMS.values():
        for route in room.ROUTES:
            for path in route.paths():
                pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
                yield pattern, path, route


def documented(request: httpx.Request) -> tuple[str, Route]:
    found = [
        (path, route)
        for pattern, path, route in routes()
        if route.method == request.method and pattern.fullmatch(request.url.path)
    ]
    assert found, f"{request.method} {request.url.path} is not documented"
    return found[0]


class Reader:
    """Reads every answer as a client would who knows nothing but the document."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def __call__(self, answer: httpx.Response) -> None:
        answer.read()
        path, route = documented(answer.request)
        responses = DOCUMENT["paths"][path][answer.request.method.lower()]["responses"]
        assert str(answer.status_code) in responses, f"{path}: {answer.status_code} {answer.text}"
        told = responses[str(answer.status_code)]
        sent = {name for name in HEADERS if name in answer.headers}
        promised = set(told.get("headers", {}))
        assert sent == promised if answer.is_success else sent <= promised, (path, sent)
        if answer.content:
            assert answer.headers["content-type"] in told["content"]
        if answer.is_success and route.answer is not None:
            msgspec.json.decode(answer.content, type=route.answer, strict=True)
        if "application/problem+json" in told.get("content", {}):
            msgspec.json.decode(answer.content, type=Problem, strict=True)
        self.seen.add(answer.status_code)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def sam(shop: Running, reader: Reader) -> Staff:
    sam = Staff(shop)
    sam.http.event_hooks["response"].append(reader)
    return sam


@pytest.fixture
def guest(shop: Running, reader: Reader) -> Guest:
    guest = Guest(shop)
    guest.http.event_hooks["response"].append(reader)
    return guest


def test_staff_are_answered_as_documented(sam: Staff, reader: Reader) -> None:
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

    assert reader.seen == {200, 201, 400, 401, 404, 412, 422, 428}


def test_staff_who_count_stock_are_answered_as_documented(sam: Staff, reader: Reader) -> None:
    path = f"/staff/stock/{new_key()}"

    def move(what: str, body: dict[str, object], key: str) -> None:
        sam.http.post(f"{path}/{what}", json=body, headers={"Idempotency-Key": key})

    sam.http.get(path)
    move("receipts", {"quantity": 5}, "key-1")
    move("receipts", {"quantity": 6}, "key-1")
    move("receipts", {"quantity": 6}, "not a key")
    move("adjustments", {"by": -1, "reason": "broken"}, "key-2")
    move("adjustments", {"by": -5, "reason": "lost"}, "key-3")
    move("adjustments", {"by": 0, "reason": "none"}, "key-4")
    sam.http.get(path)
    sam.http.get("/staff/stock?limit=1")
    sam.http.get("/staff/stock?cursor=not+ours")

    assert reader.seen == {200, 201, 400, 404, 409, 422}


def test_staff_who_send_parcels_are_answered_as_documented(
    sam: Staff, guest: Guest, reader: Reader
) -> None:
    option, fee = f"test-{new_key()}", {"amount": 99999, "currency": "GBP"}
    details = {"name": "Test", "rates": [{"country": "AQ", "price": fee}]}
    path = f"/staff/shipping-options/{option}"
    guest.put(sam.list_product())
    order_id = guest.buys()
    guest.sees_decided(order_id)
    shipment = f"/staff/shipments/{order_id}"
    until("the shipment", lambda: sam.http.get(shipment).is_success)

    for _ in range(2):
        sam.http.post("/staff/shipping-options", json={"option": option} | details)
    for version in ('"1"', '"1"', "one"):
        sam.http.put(path, json=details, headers={"If-Match": version})
    sam.http.put(path, json=details)
    sam.http.get("/staff/shipping-options")
    sam.http.get("/staff/shipments?limit=1")
    sam.http.get("/staff/shipments?state=lost")
    sam.http.post(f"{shipment}/dispatch", json={"carrier": "A B"})
    sam.http.post(f"{shipment}/dispatch", json={})
    sam.http.get("/staff/orders?status=dispatched&limit=1")
    sam.http.get(f"/staff/orders/{order_id}")
    guest.http.post(f"/guest/orders/{order_id}/cancellation")
    guest.http.post("/guest/orders/none/cancellation")

    assert reader.seen == {200, 201, 202, 400, 404, 409, 412, 422, 428}


def test_guests_are_answered_as_documented(sam: Staff, guest: Guest, reader: Reader) -> None:
    sku = sam.list_product()
    guest.http.put("/guest/basket/items/never-heard-of", json={"quantity": 1})
    guest.put(sku, quantity=2)
    wish = guest.wish()

    guest.check_out(wish, "not a key")
    guest.check_out({**wish, "expected_total": {"amount": 1, "currency": "GBP"}}, new_key())
    receipt = guest.check_out(wish, new_key())
    guest.sees(receipt.json()["order_id"])
    guest.orders()
    guest.http.get("/guest/orders?limit=0")
    guest.http.get("/guest/orders/none")
    guest.http.delete(f"/guest/basket/items/{sku}")
    guest.http.get("/guest/basket", headers={"Guest-Token": "short"})

    assert reader.seen >= {200, 201, 202, 204, 400, 401, 404, 409}


def test_anybody_is_answered_as_documented(sam: Staff, guest: Guest, reader: Reader) -> None:
    sku = sam.list_product()

    for path in (f"/products/{sku}", "/products/none", "/products?limit=1", "/categories"):
        guest.http.get(path)
    guest.http.get("/products?cursor=forged")
    guest.http.get("/shipping-options?country=GB&weight_grams=900")
    guest.http.get("/shipping-options?country=Britain")
    guest.http.post("/carriers/souk-post/notices", content="{}")

    assert reader.seen == {200, 201, 400, 404}
