"""A guest and a member of staff, who use the shop over HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx

from local import demo_users
from local.shop import RunningShop

TIMEOUT_SECONDS = 20.0  # for an event to take effect
CONTACT = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "address": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
}


def wait_until(description: str, check: Callable[[], Any]) -> Any:
    """The first truthy result of `check`. Raises AssertionError after TIMEOUT_SECONDS."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        result = check()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{description} did not happen within {TIMEOUT_SECONDS:g} seconds")


class Staff:
    """The demo user Sam."""

    def __init__(self, shop: RunningShop) -> None:
        token = demo_users.sign_in(shop, "sam")
        self.http = httpx.Client(
            base_url=shop.urls["api"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    def list_product(self, price: int = 1999, stock: int = 1000) -> str:
        """List a new product and receive stock of it. Returns its SKU."""
        sku = f"T-{secrets.token_hex(6)}"
        response = self.http.post(
            "/staff/products",
            json={
                "sku": sku,
                "name": f"Lamp {sku}",
                "category": "Tests",
                "price": {"amount": price, "currency": "GBP"},
                "weight_grams": 900,
            },
        )
        assert response.status_code == 201, response.text
        if stock:
            self.receive(sku, stock)
        return sku

    def receive(self, sku: str, quantity: int) -> None:
        response = self.http.post(
            f"/staff/stock/{sku}/receipts",
            json={"quantity": quantity},
            headers={"Idempotency-Key": secrets.token_hex(8)},
        )
        assert response.status_code == 201, response.text

    def stock(self, sku: str) -> dict[str, Any]:
        stock: dict[str, Any] = self.http.get(f"/staff/stock/{sku}").json()
        return stock


class Guest:
    """A guest with a new token."""

    def __init__(self, shop: RunningShop) -> None:
        self.http = httpx.Client(
            base_url=shop.urls["api"],
            headers={"Guest-Token": secrets.token_urlsafe(24)},
            timeout=30,
        )

    def put(self, sku: str, quantity: int = 1) -> None:
        """Put a line into the basket, as soon as basket knows the product."""

        def is_accepted() -> bool:
            response = self.http.put(f"/guest/basket/items/{sku}", json={"quantity": quantity})
            assert response.status_code in (200, 409), response.text
            return response.status_code == 200

        wait_until(f"a line of {sku}", is_accepted)

    def basket(self) -> dict[str, Any]:
        basket: dict[str, Any] = self.http.get("/guest/basket").json()
        return basket

    def notes(self) -> list[dict[str, Any]]:
        """The notes of all lines in the basket."""
        return [note for line in self.basket()["lines"] for note in line["notes"]]

    def checkout_request(self, token: str = "tok_test") -> dict[str, Any]:
        """The body of a checkout of the current basket, with its first shipping option."""
        wait_until("a shipping option", lambda: self.basket()["shipping_options"])
        basket = self.basket()
        shipping = basket["shipping_options"][0]
        total = basket["subtotal"]["amount"] + shipping["price"]["amount"]
        return {
            "contact": CONTACT,
            "shipping_option": shipping["id"],
            "payment_token": token,
            "expected_total": {"amount": total, "currency": "GBP"},
        }

    def check_out(self, request: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return self.http.post("/guest/basket/checkout", json=request, headers=headers)

    def orders(self) -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = self.http.get("/guest/orders").json()["items"]
        return orders

    def order(self, order_id: str) -> dict[str, Any] | None:
        """The order; None if ordering does not have it."""
        response = self.http.get(f"/guest/orders/{order_id}")
        return response.json() if response.status_code == 200 else None

    def wait_for_order(self, order_id: str) -> dict[str, Any]:
        """The order, as soon as ordering has it."""
        order: dict[str, Any] = wait_until(f"order {order_id}", lambda: self.order(order_id))
        return order

    def place_order(self, token: str = "tok_test") -> str:
        """Check out the basket. Returns the order id."""
        response = self.check_out(self.checkout_request(token), new_key())
        assert response.status_code == 202, response.text
        order_id: str = response.json()["order_id"]
        return order_id

    def wait_for_decision(self, order_id: str) -> dict[str, Any]:
        """The order, as soon as it is confirmed or rejected."""

        def decided_order() -> dict[str, Any] | None:
            order = self.order(order_id)
            return order if order and order["status"] in ("confirmed", "rejected") else None

        order: dict[str, Any] = wait_until(f"a decision on {order_id}", decided_order)
        return order


def new_key() -> str:
    return secrets.token_hex(8)
