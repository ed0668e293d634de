"""The products of the benchmarks: some listed through the API, many more written as copies."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from bench.shop_client import SHIPPING_PRICE, BenchmarkError, new_guest
from local import demo_users
from local.shop import RunningShop
from souk.kernel.ids import new_id

PRICE = 1999  # of every product, in minor units
LISTED_SKUS = tuple(f"BENCH-{number:02}" for number in range(16))
CATEGORY_SIZES = {"Bench of 100": 100, "Bench of 10000": 10_000}
STOCK = 100_000  # of each product: nothing sells out
# The lines of a very large order: as many as the longest invoice of the real data has.
MANY_SKUS = tuple(f"BENCH-OF-MANY-{number:03}" for number in range(592))
SCARCE_SKU, SCARCE_STOCK = "BENCH-SCARCE", 50
LISTING_THREADS = 8
TIMEOUT_SECONDS = 30.0
SHIPPING_OPTION = {
    "id": "standard",
    "name": "Standard",
    "rates": [{"country": "*", "price": {"amount": SHIPPING_PRICE, "currency": "GBP"}}],
}

Item = dict[str, Any]


def list_products(running: RunningShop) -> None:
    """List LISTED_SKUS with stock, and wait until baskets accept them."""
    with _staff_client(running) as staff:
        staff.post("/staff/shipping-options", json=SHIPPING_OPTION).raise_for_status()
        _list_with_stock(staff, dict.fromkeys(LISTED_SKUS, STOCK))
        _wait_until(
            "the shipping option",
            lambda: staff.get("/guest/basket", headers=new_guest()).json()["shipping_options"],
        )


def list_many_products(running: RunningShop) -> None:
    """List the products of a very large order, and one that sells out."""
    with _staff_client(running) as staff:
        _list_with_stock(staff, {**dict.fromkeys(MANY_SKUS, STOCK), SCARCE_SKU: SCARCE_STOCK})


def _staff_client(running: RunningShop) -> httpx.Client:
    return httpx.Client(
        base_url=running.urls["api"],
        headers={"Authorization": f"Bearer {demo_users.sign_in(running, 'sam')}"},
        timeout=60,
        trust_env=False,
    )


def _list_with_stock(staff: httpx.Client, stock: Mapping[str, int]) -> None:
    def list_product(sku: str) -> None:
        staff.post("/staff/products", json=_product(sku)).raise_for_status()
        receipt = staff.post(
            f"/staff/stock/{sku}/receipts",
            json={"quantity": stock[sku]},
            headers={"Idempotency-Key": "bench"},
        )
        receipt.raise_for_status()

    with ThreadPoolExecutor(LISTING_THREADS) as threads:
        list(threads.map(list_product, stock))

    def is_accepted(sku: str) -> bool:
        path = f"/guest/basket/items/{sku}"
        return staff.put(path, json={"quantity": 1}, headers=new_guest()).is_success

    for sku in stock:
        _wait_until(sku, partial(is_accepted, sku))


def _wait_until(subject: str, is_known: Callable[[], object]) -> None:
    """Wait until baskets know the subject. Raises BenchmarkError after a timeout."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_known():
        if time.monotonic() > deadline:
            raise BenchmarkError(f"baskets do not know {subject} after {TIMEOUT_SECONDS:g} seconds")
        time.sleep(0.1)


def _product(sku: str) -> Item:
    return {
        "sku": sku,
        "name": f"Brass lamp {sku}",
        "category": "Bench",
        "price": {"amount": PRICE, "currency": "GBP"},
        "weight_grams": 900,
        "description": "A lamp of solid brass with a shade of linen, to read by. " * 4,
    }


def fill_tables(running: RunningShop, floor_outputs: dict[str, str]) -> None:
    """Fill the categories with copies of a product, and copy all products to the floor."""
    dynamodb = running.session().client("dynamodb")
    catalog, basket = running.outputs["CatalogTable"], running.outputs["BasketTable"]
    key = {"pk": {"S": f"PRODUCT#{LISTED_SKUS[0]}"}, "sk": {"S": "PRODUCT"}}
    original = dynamodb.get_item(TableName=catalog, Key=key)["Item"]
    copies = [
        copy for name, size in CATEGORY_SIZES.items() for copy in _copies(original, name, size)
    ]
    _write_rows(dynamodb, catalog, copies)
    listed = _read_rows(dynamodb, catalog, [f"PRODUCT#{sku}" for sku in LISTED_SKUS])
    _write_rows(dynamodb, floor_outputs["ProductsTable"], [*copies, *listed])
    offers = _read_rows(dynamodb, basket, [f"OFFER#{sku}" for sku in LISTED_SKUS])
    _write_rows(dynamodb, floor_outputs["BasketTable"], offers)


def _copies(original: Item, category: str, size: int) -> Iterator[Item]:
    for number in range(size):
        sku = f"{category.replace(' ', '-')}-{number:05}"
        yield {
            **original,
            "pk": {"S": f"PRODUCT#{sku}"},
            "sku": {"S": sku},
            "name": {"S": f"Brass lamp BENCH-{number % 100:02}"},  # all rows have the same length
            "category": {"S": category},
            "category_listed": {"S": category},
            "listing_id": {"S": new_id()},
        }


def _read_rows(dynamodb: Any, table: str, partitions: Sequence[str]) -> list[Item]:
    return [
        item
        for pk in partitions
        for item in dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )["Items"]
    ]


def _write_rows(dynamodb: Any, table: str, items: list[Item]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})
