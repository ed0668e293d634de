"""Products in DynamoDB.

    pk                 sk          contents
    PRODUCT#<sku>      PRODUCT     a product; while it is listed, it is also in the two indexes
    CATEGORIES         <category>  number of listed products in the category
    OUTBOX#<n>         <event id>  an event that is not published yet

The indexes `by_category` (category_listed, listing_id) and `by_listing` (listing_partition,
listing_id) hold listed products only: a delisted product lacks both partition attributes.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from souk.catalog.domain import Product, ProductDetails, ProductStatus, SkuExists
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import InvalidQuery, NotFound, PreconditionFailed
from souk.kernel.events import Event
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money

PRODUCT_SK = "PRODUCT"
CATEGORIES = "CATEGORIES"
LISTING_PARTITION = "all"
_CURSOR = re.compile(r"([0-9a-f-]{36})~([A-Za-z0-9._-]{1,40})")


class Page(NamedTuple):
    """`next` is the cursor of the next page; None on the last page."""

    products: list[Product]
    next: str | None


class ProductStore:
    """Implements the protocol `Products`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, sku: str) -> Product:
        """Raises NotFound."""
        row = dynamo.get(self._table, f"PRODUCT#{sku}", PRODUCT_SK)
        if row is None:
            raise NotFound(f"There is no product {sku}.")
        return _product(row)

    def add(self, product: Product, event: Event) -> None:
        """Raises SkuExists."""
        sku_is_new = {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            self._write(product, sku_is_new, {product.details.category: 1}, event)
        except ConditionFailed as error:
            raise SkuExists(f"There is already a product with SKU {product.sku}.") from error

    def save(self, before: Product, after: Product, event: Event) -> None:
        """Raises PreconditionFailed when the stored version is not that of `before`."""
        version_unchanged = {
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": to_item({":version": before.version}),
        }
        try:
            self._write(after, version_unchanged, _category_changes(before, after), event)
        except ConditionFailed as error:
            raise PreconditionFailed(
                f"Product {after.sku} was changed by another request. Read it again and retry."
            ) from error

    def list_page(self, category: str | None, limit: int, cursor: str | None) -> Page:
        """Listed products, newest first; of all categories when `category` is None.

        Costs one query of `limit + 1` index rows, whatever the number of products. Raises
        InvalidQuery for a malformed cursor.
        """
        attribute, value, index = (
            ("listing_partition", LISTING_PARTITION, "by_listing")
            if category is None
            else ("category_listed", category, "by_category")
        )
        start = (
            {} if cursor is None else {"ExclusiveStartKey": _start_key(cursor, attribute, value)}
        )
        response = aws.dynamodb().query(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :value",
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=False,
            Limit=limit + 1,  # the extra row shows whether there is another page
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        products = [_product(from_item(item)) for item in response["Items"]]
        has_next = len(products) > limit
        return Page(products[:limit], _cursor(products[limit - 1]) if has_next else None)

    def count_by_category(self) -> dict[str, int]:
        """Number of listed products by category; only categories that have some."""
        rows = dynamo.query(self._table, CATEGORIES)
        return {row["sk"]: row["products"] for row in rows if row["products"] > 0}

    def _write(
        self,
        product: Product,
        condition: dict[str, Any],
        category_changes: dict[str, int],
        event: Event,
    ) -> None:
        put = {"TableName": self._table, "Item": to_item(_row(product)), **condition}
        dynamo.transact_write(
            [
                {"Put": put},
                *(self._count_action(*change) for change in category_changes.items()),
                *outbox.put_actions(self._table, event),
            ]
        )

    def _count_action(self, category: str, change: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(CATEGORIES, category),
                "UpdateExpression": "ADD products :change",
                "ExpressionAttributeValues": to_item({":change": change}),
            }
        }


def _category_changes(before: Product, after: Product) -> dict[str, int]:
    """By how much the product count of each affected category changes."""
    old, new = before.details.category, after.details.category
    if after.status is ProductStatus.DELISTED:
        return {old: -1}
    return {} if old == new else {old: -1, new: 1}


def _cursor(product: Product) -> str:
    return f"{product.listing_id}~{product.sku}"


def _start_key(cursor: str, attribute: str, value: str) -> dict[str, Any]:
    """The index key that `cursor` names. The partition comes from the request, so a forged
    cursor cannot read another one. Raises InvalidQuery."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidQuery.field(
            "/cursor", "The cursor is invalid. Omit it to start at the first page."
        )
    return to_item(
        {"pk": f"PRODUCT#{match[2]}", "sk": PRODUCT_SK, "listing_id": match[1], attribute: value}
    )


def _row(product: Product) -> dict[str, Any]:
    details = product.details
    is_listed = product.status is ProductStatus.LISTED
    return {
        "pk": f"PRODUCT#{product.sku}",
        "sk": PRODUCT_SK,
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
        "category_listed": details.category if is_listed else None,
        "listing_partition": LISTING_PARTITION if is_listed else None,
    }


def _product(row: dict[str, Any]) -> Product:
    """A row of an index has no description; it reads as empty."""
    return Product(
        sku=row["sku"],
        details=ProductDetails(
            name=row["name"],
            category=row["category"],
            weight_grams=row["weight_grams"],
            description=row.get("description", ""),
            image=row.get("image"),
        ),
        price=Money(row["price"], row["currency"]),
        listing_id=row["listing_id"],
        listed_at=row["listed_at"],
        status=ProductStatus(row["status"]),
        version=row["version"],
    )
