"""Builders of products with default values."""

from __future__ import annotations

from typing import Any

from souk.catalog.domain import Product, ProductDetails, ProductStatus
from souk.kernel.ids import new_id
from souk.kernel.money import Money


def pounds(amount: int) -> Money:
    """`amount` is in pence."""
    return Money(amount, "GBP")


def details(**fields: Any) -> ProductDetails:
    defaults = {"name": "Brass lamp", "category": "Lamps", "weight_grams": 900}
    return ProductDetails(**{**defaults, **fields})


def a_product(
    sku: str = "LAMP-1",
    *,
    price: int = 1299,
    status: ProductStatus = ProductStatus.LISTED,
    **fields: Any,
) -> Product:
    return Product(
        sku=sku,
        details=details(**fields),
        price=pounds(price),
        listing_id=new_id(),
        listed_at="2026-11-23T12:00:00.000Z",
        status=status,
    )
