"""Products to measure with: some listed as staff do, many more copied from one of their rows."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from bench.site import SHIPPING as FLAT_PRICE
from bench.site import new_guest
from local import people
from local.shop import Running
from souk.kernel.ids import new_id

PRICE = 1999
LISTED = tuple(f"BENCH-{number:02}" for number in range(16))
CATEGORIES = {"Bench of 100": 100, "Bench of 10000": 10_000}
PIECES = 100_000  # of each: nothing sells out
# As many as the longest invoice of the real days that `./souk replay` was made for has lines.
MANY = tuple(f"BENCH-OF-MANY-{number:03}" for number in range(592))
SCARCE, SCARCE_PIECES = "BENCH-SCARCE", 50
LISTERS = 8
PATIENCE = 30.0
SHIPPING = {
    "option": "standard",
    "name": "Standard",
    "rates": [{"country": "*", "price": {"amount": FLAT_PRICE, "currency": "GBP"}}],
}

Item = dict[str, Any]


class NotHeard(Exception):
    """The basket did not hear of the products."""


def list_products(running: Running) -> None:
    """Some products, in stock, which the basket has heard of when this returns."""
    with _staff(running) as staff:
        staff.post("/staff/shipping-options", json=SHIPPING).raise_for_status()
        _put_on_sale(staff, dict.fromkeys(LISTED, PIECES))
        _until_heard(
            "shipping",
            lambda: staff.get("/guest/basket", headers=new_guest()).json()["shipping_options"],
        )


def list_more(running: Running) -> None:
    """Those of a very large order, and one that sells out."""
    with _staff(running) as staff:
        _put_on_sale(staff, {**dict.fromkeys(MANY, PIECES), SCARCE: SCARCE_PIECES})


def _staff(running: Running) -> httpx.Client:
    return httpx.Client(
        base_url=running.urls["api"],
        headers={"Authorization": f"Bearer {people.token(running, 'sam')}"},
        timeout=60,
        trust_env=False,
    )


def _put_on_sale(staff: httpx.Client, pieces: Mapping[str, int]) -> None:
    def put(sku: str) -> None:
        staff.post("/staff/products", json=_product(sku)).raise_for_status()
        receipt = staff.post(
            f"/staff/stock/{sku}/receipts",
            json={"quantity": pieces[sku]},
            headers={"Idempotency-Key": "bench"},
        )
        receipt.raise_for_status()

    with ThreadPoolExecutor(LISTERS) as listers:
        list(listers.map(put, pieces))

    def is_sold(sku: str) -> bool:
        path = f"/guest/basket/items/{sku}"
        return staff.put(path, json={"quantity": 1}, headers=new_guest()).is_success

    for sku in pieces:
        _until_heard(sku, partial(is_sold, sku))


def _until_heard(what: str, is_heard: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_heard():
        if time.monotonic() > deadline:
            raise NotHeard(f"the basket did not hear of {what} within {PATIENCE:g} seconds")
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


def fill(running: Running, floor: dict[str, str]) -> None:
    """Fill the categories, and let the floor sell the very same products."""
    dynamodb = running.session().client("dynamodb")
    catalog, basket = running.outputs["CatalogTable"], running.outputs["BasketTable"]
    key = {"pk": {"S": f"PRODUCT#{LISTED[0]}"}, "sk": {"S": "PRODUCT"}}
    model = dynamodb.get_item(TableName=catalog, Key=key)["Item"]
    copies = [copy for name, number in CATEGORIES.items() for copy in _copies(model, name, number)]
    _write(dynamodb, catalog, copies)
    listed = [f"PRODUCT#{sku}" for sku in LISTED]
    _write(dynamodb, floor["ProductsTable"], [*copies, *_rows(dynamodb, catalog, listed)])
    offers = [f"OFFER#{sku}" for sku in LISTED]
    _write(dynamodb, floor["BasketTable"], _rows(dynamodb, basket, offers))


def _copies(model: Item, category: str, number: int) -> Iterator[Item]:
    for each in range(number):
        sku = f"{category.replace(' ', '-')}-{each:05}"
        yield {
            **model,
            "pk": {"S": f"PRODUCT#{sku}"},
            "sku": {"S": sku},
            "name": {"S": f"Brass lamp BENCH-{each % 100:02}"},  # all rows equally long
            "category": {"S": category},
            "category_listed": {"S": category},
            "listing_id": {"S": new_id()},
        }


def _rows(dynamodb: Any, table: str, partitions: Sequence[str]) -> list[Item]:
    return [
        item
        for pk in partitions
        for item in dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )["Items"]
    ]


def _write(dynamodb: Any, table: str, items: list[Item]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})
