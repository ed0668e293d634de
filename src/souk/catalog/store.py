"""Products in DynamoDB.

    pk                 sk          what
    PRODUCT#<sku>      PRODUCT     the product; while listed also in the two indexes
    CATEGORIES         <category>  how many listed products it has
    OUTBOX#<n>         <fact id>   facts on their way to the bus

Index `by_category` (category_listed, listing_id) and index `by_listing` (shelf, listing_id)
hold listed products only: both keys are absent from a delisted one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from souk.catalog.domain import Details, Product, SkuTaken, Status
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ChangedMeanwhile, InvalidQuery, NotFound
from souk.kernel.facts import Fact
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money

SK = "PRODUCT"
CATEGORIES = "CATEGORIES"
SHELF = "all"
_CURSOR = re.compile(r"([0-9a-f-]{36})~([A-Za-z0-9._-]{1,40})")


class Page(NamedTuple):
    products: list[Product]
    next: str | None


class ProductStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, sku: str) -> Product:
        row = dynamo.get(self._table, f"PRODUCT#{sku}", SK)
        if row is None:
            raise NotFound(f"there is no product {sku}")
        return _product(row)

    def add(self, product: Product, fact: Fact) -> None:
        unheard_of = {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            self._write(product, unheard_of, {product.details.category: 1}, fact)
        except ConditionFailed as error:
            raise SkuTaken(f"the SKU {product.sku} is taken") from error

    def save(self, before: Product, after: Product, fact: Fact) -> None:
        as_seen = {
            "ConditionExpression": "version = :seen",
            "ExpressionAttributeValues": to_item({":seen": before.version}),
        }
        try:
            self._write(after, as_seen, _moves(before, after), fact)
        except ConditionFailed as error:
            raise ChangedMeanwhile(f"{after.sku} was changed meanwhile; read it again") from error

    def page(self, category: str | None, limit: int, cursor: str | None) -> Page:
        """Listed products, newest first. Costs what the page holds, however many there are."""
        attribute, value, index = (
            ("shelf", SHELF, "by_listing")
            if category is None
            else ("category_listed", category, "by_category")
        )
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, attribute, value)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :value",
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=False,
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        products = [_product(from_item(item)) for item in answer["Items"]]
        more = len(products) > limit
        return Page(products[:limit], _cursor(products[limit - 1]) if more else None)

    def categories(self) -> dict[str, int]:
        """Every category that has a listed product, by name."""
        rows = dynamo.query(self._table, CATEGORIES)
        return {row["sk"]: row["products"] for row in rows if row["products"] > 0}

    def _write(
        self, product: Product, condition: dict[str, Any], counts: dict[str, int], fact: Fact
    ) -> None:
        put = {"TableName": self._table, "Item": to_item(_row(product)), **condition}
        dynamo.transact(
            [
                {"Put": put},
                *(self._count(category, by) for category, by in counts.items()),
                *outbox.puts(self._table, fact),
            ]
        )

    def _count(self, category: str, by: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(CATEGORIES, category),
                "UpdateExpression": "ADD products :by",
                "ExpressionAttributeValues": to_item({":by": by}),
            }
        }


def _moves(before: Product, after: Product) -> dict[str, int]:
    """How the categories' counts change."""
    old, new = before.details.category, after.details.category
    if after.status is Status.DELISTED:
        return {old: -1}
    return {} if old == new else {old: -1, new: 1}


def _cursor(product: Product) -> str:
    return f"{product.listing_id}~{product.sku}"


def _start(cursor: str, attribute: str, value: str) -> dict[str, Any]:
    """A cursor names a place, not a partition: nobody reads elsewhere by forging one."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    place = {"pk": f"PRODUCT#{match[2]}", "sk": SK, "listing_id": match[1], attribute: value}
    return to_item(place)


def _row(product: Product) -> dict[str, Any]:
    details = product.details
    listed = product.status is Status.LISTED
    return {
        "pk": f"PRODUCT#{product.sku}",
        "sk": SK,
        "sku": product.sku,
        "name": details.name,
        "category": details.category,
        "description": details.description,
        "image": details.image,
        "weight_grams": details.weight_grams,
        "price": product.price.amount,
        "currency": product.price.currency,
        "status": product.status.value,
        "version": product.version,
        "listing_id": product.listing_id,
        "listed_at": product.listed_at,
        "category_listed": details.category if listed else None,
        "shelf": SHELF if listed else None,
    }


def _product(row: dict[str, Any]) -> Product:
    """An index leaves the description out; it reads as empty."""
    return Product(
        sku=row["sku"],
        details=Details(
            name=row["name"],
            category=row["category"],
            weight_grams=row["weight_grams"],
            description=row.get("description", ""),
            image=row.get("image"),
        ),
        price=Money(row["price"], row["currency"]),
        listing_id=row["listing_id"],
        listed_at=row["listed_at"],
        status=Status(row["status"]),
        version=row["version"],
    )
