"""What staff do with products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.catalog.domain import Details, Product
from souk.kernel.clock import now, stamp
from souk.kernel.errors import ChangedMeanwhile, Invalid
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from souk.catalog.domain import PictureFile, Upload
    from souk.kernel.facts import Fact
    from souk.kernel.money import Money


class Products(Protocol):
    def get(self, sku: str) -> Product:
        """Raises NotFound."""

    def add(self, product: Product, fact: Fact) -> None:
        """Raises SkuTaken."""

    def save(self, before: Product, after: Product, fact: Fact) -> None:
        """Raises ChangedMeanwhile unless `before` is still what is stored."""


class Pictures(Protocol):
    def upload(self, file: PictureFile) -> Upload:
        """Lets whoever holds the answer send this one file."""


def list_product(
    sku: str, details: Details, price: Money, *, currency: str, products: Products
) -> Product:
    """Put a new product up for sale."""
    product = Product(
        sku=sku,
        details=details,
        price=_in_shop_currency(price, currency),
        listing_id=new_id(),
        listed_at=stamp(now()),
    )
    products.add(product, product.listed())
    return product


def describe_product(
    sku: str, details: Details, *, seen_version: int, products: Products
) -> Product:
    before = _as_seen(sku, seen_version, products)
    after, fact = before.describe(details)
    products.save(before, after, fact)
    return after


def upload_picture(
    sku: str, file: PictureFile, *, products: Products, pictures: Pictures
) -> Upload:
    """The product has its new picture once it is described with it."""
    products.get(sku).for_sale()
    return pictures.upload(file)


def change_price(
    sku: str, price: Money, *, seen_version: int, currency: str, products: Products
) -> Product:
    """Baskets show the new price, and a note, as soon as they hear of it."""
    before = _as_seen(sku, seen_version, products)
    after, fact = before.reprice(_in_shop_currency(price, currency))
    products.save(before, after, fact)
    return after


def delist_product(sku: str, *, seen_version: int, products: Products) -> Product:
    before = _as_seen(sku, seen_version, products)
    after, fact = before.delist()
    products.save(before, after, fact)
    return after


def _as_seen(sku: str, version: int, products: Products) -> Product:
    product = products.get(sku)
    if product.version != version:
        raise ChangedMeanwhile(
            f"you read version {version} of {sku}, it is at {product.version}; read it again",
            version=product.version,
        )
    return product


def _in_shop_currency(price: Money, currency: str) -> Money:
    if price.currency != currency:
        raise Invalid.field("/price/currency", f"this shop sells in {currency}")
    return price
