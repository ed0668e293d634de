"""Puts the demo catalogue and its stock into a new shop, as its staff would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

CATALOGUE: Final = Path(__file__).parents[1] / "demo" / "catalogue.json"
STOCK: Final = CATALOGUE.with_name("stock.json")
TAKEN: Final = "/problems/sku-taken"

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


def load_catalogue(
    base_url: str,
    staff_token: str,
    say: Callable[[str], None],
    *,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """How many demo products were newly listed; those that are there already are left alone."""
    staff = httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {staff_token}"},
        timeout=30,
        transport=transport,
        trust_env=False,  # the shop is on this machine: no proxy on the way to it
    )
    products, stock = demo_products(), demo_stock()
    with staff:
        listed = 0
        for product in products:
            listed += _is_newly_listed(staff, product)
            _receive(staff, product["sku"], stock[product["sku"]])
    say(f"Demo catalogue: {listed} products listed, {len(products) - listed} were there already.")
    return listed


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
