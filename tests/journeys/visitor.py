"""A visitor and a member of staff, as tests play them over HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx

from local import people
from local.shop import Running

PATIENCE = 20.0  # seconds until a fact must have arrived
CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "address": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
}


def until(what: str, look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something; AssertionError when it never does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {PATIENCE:g} seconds")


class Staff:
    def __init__(self, shop: Running) -> None:
        token = people.token(shop, "sam")
        self.http = httpx.Client(
            base_url=shop.urls["api"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    def list_product(self, price: int = 1999, stock: int = 1000) -> str:
        """A fresh product with so many pieces of it; returns its SKU."""
        sku = f"T-{secrets.token_hex(6)}"
        answer = self.http.post(
            "/staff/products",
            json={
                "sku": sku,
                "name": f"Lamp {sku}",
                "category": "Tests",
                "price": {"amount": price, "currency": "GBP"},
                "weight_grams": 900,
            },
        )
        assert answer.status_code == 201, answer.text
        if stock:
            self.receive(sku, stock)
        return sku

    def receive(self, sku: str, quantity: int) -> None:
        answer = self.http.post(
            f"/staff/stock/{sku}/receipts",
            json={"quantity": quantity},
            headers={"Idempotency-Key": secrets.token_hex(8)},
        )
        assert answer.status_code == 201, answer.text

    def stock(self, sku: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/staff/stock/{sku}").json()
        return found


class Guest:
    """A visitor with a token of their own."""

    def __init__(self, shop: Running) -> None:
        self.http = httpx.Client(
            base_url=shop.urls["api"],
            headers={"Guest-Token": secrets.token_urlsafe(24)},
            timeout=30,
        )

    def put(self, sku: str, quantity: int = 1) -> None:
        """Put a line, waiting until the basket has heard of the product."""

        def settled() -> bool:
            answer = self.http.put(f"/guest/basket/items/{sku}", json={"quantity": quantity})
            assert answer.status_code in (200, 409), answer.text
            return answer.status_code == 200

        until(f"a line of {sku}", settled)

    def basket(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/guest/basket").json()
        return found

    def notes(self) -> list[dict[str, Any]]:
        """Of all lines."""
        return [note for line in self.basket()["lines"] for note in line["notes"]]

    def wish(self, token: str = "tok_test") -> dict[str, Any]:
        """A checkout body for the basket as it is now, with the cheapest way to send it."""
        until("a shipping option", lambda: self.basket()["shipping_options"])
        basket = self.basket()
        shipping = basket["shipping_options"][0]
        total = basket["subtotal"]["amount"] + shipping["price"]["amount"]
        return {
            "contact": CONTACT,
            "shipping_option": shipping["id"],
            "payment_token": token,
            "expected_total": {"amount": total, "currency": "GBP"},
        }

    def check_out(self, wish: dict[str, Any], key: str) -> httpx.Response:
        return self.http.post("/guest/basket/checkout", json=wish, headers={"Idempotency-Key": key})

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/guest/orders").json()["items"]
        return found

    def order(self, order_id: str) -> dict[str, Any] | None:
        answer = self.http.get(f"/guest/orders/{order_id}")
        return answer.json() if answer.status_code == 200 else None

    def sees(self, order_id: str) -> dict[str, Any]:
        """The order, as soon as ordering has it."""
        found: dict[str, Any] = until(f"order {order_id}", lambda: self.order(order_id))
        return found

    def buys(self, token: str = "tok_test") -> str:
        """Check the basket out; returns the id the order will have."""
        answer = self.check_out(self.wish(token), new_key())
        assert answer.status_code == 202, answer.text
        order_id: str = answer.json()["order_id"]
        return order_id

    def sees_decided(self, order_id: str) -> dict[str, Any]:
        """The order, as soon as it is confirmed or rejected."""

        def decided() -> dict[str, Any] | None:
            order = self.order(order_id)
            return order if order and order["status"] in ("confirmed", "rejected") else None

        found: dict[str, Any] = until(f"a decision on {order_id}", decided)
        return found


def new_key() -> str:
    return secrets.token_hex(8)
