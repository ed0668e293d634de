"""What staff can do with products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.catalog.domain import Product, ProductDetails
from souk.kernel.clock import now, timestamp
from souk.kernel.errors import InvalidRequest, PreconditionFailed
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from souk.catalog.domain import PictureFile, PictureUpload
    from souk.kernel.events import Event
    from souk.kernel.money import Money


class Products(Protocol):
    """Each write stores the product and its event together. It may raise Busy."""

    def get(self, sku: str) -> Product:
        """Raises NotFound."""

    def add(self, product: Product, event: Event) -> None:
        """Raises SkuExists."""

    def save(self, before: Product, after: Product, event: Event) -> None:
        """Raises PreconditionFailed when the stored version is not that of `before`."""


class Pictures(Protocol):
    def create_upload(self, file: PictureFile) -> PictureUpload:
        """A form with which anyone who holds it can upload this one file."""


def create_product(
    sku: str, details: ProductDetails, price: Money, *, currency: str, products: Products
) -> Product:
    """Create a product and put it up for sale.

    Raises SkuExists, Busy, or InvalidRequest for a price in a foreign currency.
    """
    product = Product(
        sku=sku,
        details=details,
        price=_in_shop_currency(price, currency),
        listing_id=new_id(),
        listed_at=timestamp(now()),
    )
    products.add(product, product.to_listed_event())
    return product


def update_product(
    sku: str, details: ProductDetails, *, expected_version: int, products: Products
) -> Product:
    """Raises NotFound, DelistedProduct, PreconditionFailed, Busy."""
    before = _get_at_version(sku, expected_version, products)
    after, event = before.update_details(details)
    products.save(before, after, event)
    return after


def create_picture_upload(
    sku: str, file: PictureFile, *, products: Products, pictures: Pictures
) -> PictureUpload:
    """Allow the upload of one picture of a listed product; the product itself does not change.

    The product shows the picture after an update that sets its image.
    Raises NotFound, DelistedProduct.
    """
    products.get(sku).require_listed()
    return pictures.create_upload(file)


def change_price(
    sku: str, price: Money, *, expected_version: int, currency: str, products: Products
) -> Product:
    """Change the price. Baskets show the new price, with a note, once they receive the event.

    Raises NotFound, DelistedProduct, PreconditionFailed, Busy, or InvalidRequest for a price in a
    foreign currency.
    """
    before = _get_at_version(sku, expected_version, products)
    after, event = before.change_price(_in_shop_currency(price, currency))
    products.save(before, after, event)
    return after


def delist_product(sku: str, *, expected_version: int, products: Products) -> Product:
    """Raises NotFound, DelistedProduct, PreconditionFailed, Busy."""
    before = _get_at_version(sku, expected_version, products)
    after, event = before.delist()
    products.save(before, after, event)
    return after


def _get_at_version(sku: str, expected_version: int, products: Products) -> Product:
    product = products.get(sku)
    if product.version != expected_version:
        raise PreconditionFailed(
            f"Product {sku} is at version {product.version}, not at version {expected_version}. "
            "Read it again and retry.",
            version=product.version,
        )
    return product


def _in_shop_currency(price: Money, currency: str) -> Money:
    if price.currency != currency:
        raise InvalidRequest.field("/price/currency", f"This shop sells in {currency}.")
    return price
