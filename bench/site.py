"""The shop and its floor, as one kind of customer calls them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from local.shop import Running

CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "address": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
}
SHIPPING = 495  # of both, in minor units

Headers = dict[str, str]


class Refused(Exception):
    """A call that had to succeed did not; a figure of it would mean nothing."""


@dataclass(frozen=True)
class Site:
    """One deployed API, called at the gateway's own address."""

    name: str
    endpoint: str
    api_id: str
    orders_table: str
    function: str  # whose first call is measured
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        client = httpx.Client(
            base_url=self.endpoint,
            headers={"Host": f"{self.api_id}.execute-api.localhost"},
            timeout=60,
            trust_env=False,  # it is on this machine: no proxy on the way to it
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        )
        object.__setattr__(self, "http", client)

    def read(self, sku: str) -> dict[str, Any]:
        return self._ask("GET", f"/api/products/{sku}", 200).json()  # type: ignore[no-any-return]

    def page(self, category: str) -> dict[str, Any]:
        answer = self._ask("GET", "/api/products", 200, params={"category": category})
        return answer.json()  # type: ignore[no-any-return]

    def put(self, guest: Headers, sku: str) -> None:
        path = f"/api/guest/basket/items/{sku}"
        self._ask("PUT", path, 200, headers=guest, json={"quantity": 1})

    def new_basket(self, skus: Sequence[str]) -> Headers:
        """Returns the new guest it is of."""
        guest = new_guest()
        for sku in skus:
            self.put(guest, sku)
        return guest

    def see_basket(self, guest: Headers) -> None:
        self._ask("GET", "/api/guest/basket", 200, headers=guest)

    def check_out(self, guest: Headers, price: int) -> str:
        """Returns where the order will be."""
        location = self.try_check_out(guest, price)
        if location is None:
            raise Refused(f"{self.name}: something is sold out")
        return location

    def try_check_out(self, guest: Headers, price: int) -> str | None:
        """Returns where the order will be; None when something in the basket is sold out."""
        headers = {**guest, "Idempotency-Key": secrets.token_hex(8)}
        wish = {
            "contact": CONTACT,
            "shipping_option": "standard",
            "payment_token": "tok_bench",
            "expected_total": {"amount": price + SHIPPING, "currency": "GBP"},
        }
        answer = self.http.post("/api/guest/basket/checkout", headers=headers, json=wish)
        if answer.status_code == httpx.codes.ACCEPTED:
            return str(answer.headers["Location"])
        if answer.json().get("type") == "/problems/sold-out":
            return None
        raise Refused(f"{self.name}: the checkout was answered {answer.status_code}")

    def sees(self, guest: Headers, location: str) -> bool:
        """Whether the order is there."""
        return self.http.get(location, headers=guest).status_code == httpx.codes.OK

    def decided(self, guest: Headers, location: str) -> tuple[str, float] | None:
        """Confirmed or rejected, and when, in Unix seconds; None as long as it is undecided."""
        answer = self.http.get(location, headers=guest)
        order: dict[str, Any] = answer.json() if answer.is_success else {"status": "not there"}
        if order["status"] not in ("confirmed", "rejected"):
            return None
        return order["status"], datetime.fromisoformat(order["history"][-1]["at"]).timestamp()

    def _ask(self, method: str, path: str, expected: int, **options: Any) -> httpx.Response:
        answer = self.http.request(method, path, **options)
        if answer.status_code != expected:
            raise Refused(f"{self.name}: {method} {path} was answered {answer.status_code}")
        return answer


def new_guest() -> Headers:
    return {"Guest-Token": secrets.token_urlsafe(24)}


def shop_site(running: Running) -> Site:
    return Site(
        "shop",
        running.endpoint,
        running.outputs["ApiId"],
        running.outputs["OrderingTable"],
        _function_of(running, "souk.catalog.api.handler"),
    )


def sites(running: Running, floor: dict[str, str]) -> tuple[Site, Site]:
    """The shop, and the floor beside it."""
    beside = Site(
        "floor", running.endpoint, floor["Api"], floor["OrdersTable"], floor["ProductsFunction"]
    )
    return shop_site(running), beside


def _function_of(running: Running, handler: str) -> str:
    pages = running.session().client("lambda").get_paginator("list_functions").paginate()
    return next(
        str(each["FunctionName"])
        for page in pages
        for each in page["Functions"]
        if each.get("Handler") == handler
    )
