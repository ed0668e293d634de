"""Loads the demo products, their stock and the shipping options into a shop, by its staff API."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

CATALOGUE: Final = Path(__file__).parents[1] / "demo" / "catalogue.json"
STOCK: Final = CATALOGUE.with_name("stock.json")
SHIPPING: Final = CATALOGUE.with_name("shipping.json")
SKU_EXISTS: Final = "/problems/sku-exists"
SHIPPING_OPTION_EXISTS: Final = "/problems/shipping-option-exists"

Product = dict[str, Any]


class DemoError(Exception):
    """The demo data could not be loaded. The message is one sentence for the user."""


def demo_products() -> list[Product]:
    """The request bodies of 24 products. The last one is listed last: visitors see it first."""
    products: list[Product] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return products


def demo_stock() -> dict[str, int]:
    """Quantity in stock by SKU. A few products have so little that they soon run out."""
    stock: dict[str, int] = json.loads(STOCK.read_text(encoding="utf-8"))
    return stock


def demo_shipping_options() -> list[dict[str, Any]]:
    """The request bodies of the shipping options; `standard` has no weight or country limit."""
    options: list[dict[str, Any]] = json.loads(SHIPPING.read_text(encoding="utf-8"))
    return options


def load_demo_data(
    base_url: str,
    staff_token: str,
    note: Callable[[str], None],
    *,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """List the demo products and return the number of new ones. Existing ones do not change.

    Raises DemoError.
    """
    staff = _staff_client(base_url, staff_token, transport)
    products, stock = demo_products(), demo_stock()
    with staff:
        _create_shipping_options(staff)
        listed = 0
        for product in products:
            listed += _list_product(staff, product)
            _receive_stock(staff, product["sku"], stock[product["sku"]])
    note(f"Demo catalogue: {listed} products listed, {len(products) - listed} existed already.")
    return listed


def create_demo_shipping_options(base_url: str, staff_token: str) -> None:
    """Create the demo's shipping options. Existing ones do not change. Raises DemoError."""
    with _staff_client(base_url, staff_token) as staff:
        _create_shipping_options(staff)


def _staff_client(
    base_url: str, token: str, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        transport=transport,
        trust_env=False,  # the shop runs on this machine: no proxy
    )


def _create_shipping_options(staff: httpx.Client) -> None:
    for option in demo_shipping_options():
        name = option["id"]
        try:
            response = staff.post("/api/staff/shipping-options", json=option)
        except httpx.HTTPError as error:
            raise DemoError(
                f"The shop did not respond to the creation of shipping option {name}."
            ) from error
        if not response.is_success and _problem(response).get("type") != SHIPPING_OPTION_EXISTS:
            raise DemoError(
                f"The shop did not create shipping option {name}: {response.status_code}."
            )


def _list_product(staff: httpx.Client, product: Product) -> bool:
    """List the product. Returns False if it existed already. Raises DemoError."""
    try:
        response = staff.post("/api/staff/products", json=product)
    except httpx.HTTPError as error:
        raise DemoError(f"The shop did not respond to the listing of {product['sku']}.") from error
    problem = {} if response.is_success else _problem(response)
    if response.status_code != httpx.codes.CREATED and problem.get("type") != SKU_EXISTS:
        raise DemoError(_error_message(product, response, problem))
    return response.is_success


def _receive_stock(staff: httpx.Client, sku: str, quantity: int) -> None:
    """Receive the opening stock, once per shop: a repeated call has the same idempotency key."""
    try:
        response = staff.post(
            f"/api/staff/stock/{sku}/receipts",
            json={"quantity": quantity, "reference": "opening stock"},
            headers={"Idempotency-Key": "demo-opening-stock"},
        )
    except httpx.HTTPError as error:
        raise DemoError(f"The shop did not respond to the stock receipt of {sku}.") from error
    if not response.is_success:
        raise DemoError(
            f"The shop did not receive the demo stock of {sku}: {response.status_code}."
        )


def _problem(response: httpx.Response) -> dict[str, Any]:
    """The problem document of an error response; empty if the body is something else."""
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _error_message(product: Product, response: httpx.Response, problem: dict[str, Any]) -> str:
    reason = problem.get("detail") or problem.get("title") or "no reason given"
    return (
        f"The shop did not list the demo product {product['sku']}:"
        f" it responded {response.status_code} ({str(reason).rstrip('.')})."
    )
