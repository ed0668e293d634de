"""Puts the demo catalogue, its stock and ways to send it into a new shop, as its staff would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

CATALOGUE: Final = Path(__file__).parents[1] / "demo" / "catalogue.json"
STOCK: Final = CATALOGUE.with_name("stock.json")
SHIPPING: Final = CATALOGUE.with_name("shipping.json")
TAKEN: Final = "/problems/sku-taken"
OPTION_TAKEN: Final = "/problems/option-taken"

Product = dict[str, Any]


class DemoError(Exception):
    """Why the demo products could not be listed, in one sentence."""


def demo_products() -> list[Product]:
    """The bodies of 24 listings; the last is the newest, so it is the first that visitors see."""
    products: list[Product] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return products


def demo_stock() -> dict[str, int]:
    """How many there are of each demo product; of a few not many, so that they run out."""
    stock: dict[str, int] = json.loads(STOCK.read_text(encoding="utf-8"))
    return stock


def demo_shipping() -> list[dict[str, Any]]:
    """The bodies of the shipping options; `standard` takes anything everywhere."""
    options: list[dict[str, Any]] = json.loads(SHIPPING.read_text(encoding="utf-8"))
    return options


def load_catalogue(
    base_url: str,
    staff_token: str,
    say: Callable[[str], None],
    *,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """How many demo products were newly listed; those that are there already are left alone."""
    staff = _staff(base_url, staff_token, transport)
    products, stock = demo_products(), demo_stock()
    with staff:
        _offer(staff)
        listed = 0
        for product in products:
            listed += _is_newly_listed(staff, product)
            _receive(staff, product["sku"], stock[product["sku"]])
    say(f"Demo catalogue: {listed} products listed, {len(products) - listed} were there already.")
    return listed


def offer_shipping(base_url: str, staff_token: str) -> None:
    """Offer the demo's shipping options; one that is there already is left alone."""
    with _staff(base_url, staff_token) as staff:
        _offer(staff)


def _staff(base_url: str, token: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        transport=transport,
        trust_env=False,  # the shop is on this machine: no proxy on the way to it
    )


def _offer(staff: httpx.Client) -> None:
    for option in demo_shipping():
        name = option["option"]
        try:
            answer = staff.post("/api/staff/shipping-options", json=option)
        except httpx.HTTPError as error:
            raise DemoError(f"The shop did not answer when {name} shipping was offered.") from error
        if not answer.is_success and _problem(answer).get("type") != OPTION_TAKEN:
            raise DemoError(f"The shop did not offer {name} shipping: {answer.status_code}.")


def _is_newly_listed(staff: httpx.Client, product: Product) -> bool:
    try:
        answer = staff.post("/api/staff/products", json=product)
    except httpx.HTTPError as error:
        raise DemoError(f"The shop did not answer when {product['sku']} was listed.") from error
    problem = {} if answer.is_success else _problem(answer)
    if answer.status_code != httpx.codes.CREATED and problem.get("type") != TAKEN:
        raise DemoError(_refusal(product, answer, problem))
    return answer.is_success


def _receive(staff: httpx.Client, sku: str, quantity: int) -> None:
    """Once for each shop, whoever loads the catalogue again."""
    try:
        answer = staff.post(
            f"/api/staff/stock/{sku}/receipts",
            json={"quantity": quantity, "reference": "opening stock"},
            headers={"Idempotency-Key": "demo-opening-stock"},
        )
    except httpx.HTTPError as error:
        raise DemoError(f"The shop did not answer when {sku} was received.") from error
    if not answer.is_success:
        raise DemoError(f"The shop did not receive the demo stock of {sku}: {answer.status_code}.")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _refusal(product: Product, answer: httpx.Response, problem: dict[str, Any]) -> str:
    why = problem.get("detail") or problem.get("title") or "no reason given"
    return (
        f"The shop did not list the demo product {product['sku']}:"
        f" it answered {answer.status_code} ({str(why).rstrip('.')})."
    )
