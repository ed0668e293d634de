"""Products, with the boring parts filled in."""

from __future__ import annotations

from typing import Any

from souk.catalog.domain import Details, Product, Status
from souk.kernel.ids import new_id
from souk.kernel.money import Money


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


def details(**given: Any) -> Details:
    return Details(**{"name": "Brass lamp", "category": "Lamps", "weight_grams": 900, **given})


def a_product(
    sku: str = "LAMP-1", *, price: int = 1299, status: Status = Status.LISTED, **given: Any
) -> Product:
    return Product(
        sku=sku,
        details=details(**given),
        price=pounds(price),
        listing_id=new_id(),
        listed_at="2026-11-23T12:00:00.000Z",
        status=status,
    )
