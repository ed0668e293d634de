"""Clients of the shop's and the floor's API, used in the same way."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from local.shop import RunningShop

CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "address": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
}
SHIPPING_PRICE = 495  # of shop and floor, in minor units

Headers = dict[str, str]


class BenchmarkError(Exception):
    """A step did not work as expected, so a measurement of it would be meaningless."""


@dataclass(frozen=True)
class ShopClient:
    """Calls one deployed API, at the API's own address of the gateway.

    `name` is `shop` or `floor`. `function` is the function whose cold start is measured.
    """

    name: str
    endpoint: str
    api_id: str
    orders_table: str
    function: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        client = httpx.Client(
            base_url=self.endpoint,
            headers={
                "Host": f"{self.api_id}.execute-api.localhost:{httpx.URL(self.endpoint).port}"
            },
            timeout=60,
            trust_env=False,  # it runs on this machine: no proxy
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        )
        object.__setattr__(self, "http", client)

    def read_product(self, sku: str) -> dict[str, Any]:
        return self._send("GET", f"/api/products/{sku}", 200).json()  # type: ignore[no-any-return]

    def list_products(self, category: str) -> dict[str, Any]:
        """The first page of the category."""
        response = self._send("GET", "/api/products", 200, params={"category": category})
        return response.json()  # type: ignore[no-any-return]

    def put_line(self, guest: Headers, sku: str) -> None:
        path = f"/api/guest/basket/items/{sku}"
        self._send("PUT", path, 200, headers=guest, json={"quantity": 1})

    def create_basket(self, skus: Sequence[str]) -> Headers:
        """Returns the headers of a new guest, whose basket has these products."""
        guest = new_guest()
        for sku in skus:
            self.put_line(guest, sku)
        return guest

    def read_basket(self, guest: Headers) -> None:
        self._send("GET", "/api/guest/basket", 200, headers=guest)

    def check_out(self, guest: Headers, price: int) -> str:
        """Returns the order's location. Raises BenchmarkError when something is sold out."""
        location = self.try_check_out(guest, price)
        if location is None:
            raise BenchmarkError(f"{self.name}: a product is sold out")
        return location

    def try_check_out(self, guest: Headers, price: int) -> str | None:
        """Returns the order's location; None when a product of the basket is sold out.

        `price` is the expected subtotal in minor units.
        """
        headers = {**guest, "Idempotency-Key": secrets.token_hex(8)}
        request = {
            "contact": CONTACT,
            "shipping_option": "standard",
            "payment_token": "tok_bench",
            "expected_total": {"amount": price + SHIPPING_PRICE, "currency": "GBP"},
        }
        response = self.http.post("/api/guest/basket/checkout", headers=headers, json=request)
        if response.status_code == httpx.codes.ACCEPTED:
            return str(response.headers["Location"])
        if response.json().get("type") == "/problems/sold-out":
            return None
        raise BenchmarkError(f"{self.name}: the checkout returned status {response.status_code}")

    def has_order(self, guest: Headers, location: str) -> bool:
        return self.http.get(location, headers=guest).status_code == httpx.codes.OK

    def read_decision(self, guest: Headers, location: str) -> tuple[str, float] | None:
        """`confirmed` or `rejected`, and when, in Unix seconds. None while it is undecided."""
        response = self.http.get(location, headers=guest)
        order: dict[str, Any] = response.json() if response.is_success else {"status": "missing"}
        if order["status"] not in ("confirmed", "rejected"):
            return None
        return order["status"], datetime.fromisoformat(order["history"][-1]["at"]).timestamp()

    def _send(self, method: str, path: str, expected: int, **options: Any) -> httpx.Response:
        """Raises BenchmarkError unless the response has the `expected` status."""
        response = self.http.request(method, path, **options)
        if response.status_code != expected:
            raise BenchmarkError(
                f"{self.name}: {method} {path} returned status {response.status_code}"
            )
        return response


def new_guest() -> Headers:
    return {"Guest-Token": secrets.token_urlsafe(24)}


def shop_client(running: RunningShop) -> ShopClient:
    return ShopClient(
        "shop",
        running.endpoint,
        running.outputs["ApiId"],
        running.outputs["OrderingTable"],
        _find_function(running, "souk.catalog.api.handler"),
    )


def floor_client(running: RunningShop, outputs: dict[str, str]) -> ShopClient:
    """`outputs` are those of the floor's stack."""
    return ShopClient(
        "floor",
        running.endpoint,
        outputs["Api"],
        outputs["OrdersTable"],
        outputs["ProductsFunction"],
    )


def _find_function(running: RunningShop, handler: str) -> str:
    pages = running.session().client("lambda").get_paginator("list_functions").paginate()
    return next(
        str(function["FunctionName"])
        for page in pages
        for function in page["Functions"]
        if function.get("Handler") == handler
    )
