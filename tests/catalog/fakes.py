"""In-memory fakes of the catalog's ports, and the real store with access to its outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.catalog.domain import PictureUpload, Product, SkuExists
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.store import ProductStore
from souk.kernel.errors import NotFound, PreconditionFailed
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.catalog.domain import PictureFile
    from souk.kernel.events import Event


class FakeProducts:
    """Implements `Products` in memory; `published` are the events stored with the changes."""

    def __init__(self, *products: Product) -> None:
        self._products = {product.sku: product for product in products}
        self.published: list[Event] = []

    def get(self, sku: str) -> Product:
        if sku not in self._products:
            raise NotFound(f"There is no product {sku}.")
        return self._products[sku]

    def add(self, product: Product, event: Event) -> None:
        if product.sku in self._products:
            raise SkuExists(f"There is already a product with SKU {product.sku}.")
        self._store(product, event)

    def save(self, before: Product, after: Product, event: Event) -> None:
        if self._products[before.sku].version != before.version:
            raise PreconditionFailed(f"Product {after.sku} was changed by another request.")
        self._store(after, event)

    def _store(self, product: Product, event: Event) -> None:
        self._products[product.sku] = product
        self.published.append(event)


class FakePictures:
    """Returns the same upload form for every file; `requested` are those files."""

    def __init__(self) -> None:
        self.requested: list[PictureFile] = []

    def create_upload(self, file: PictureFile) -> PictureUpload:
        self.requested.append(file)
        return PictureUpload("https://pictures.example", {"key": "media/1"}, "/media/1")


class StoredProducts(ProductStore):
    """The real store, on a table that no relay reads, so events stay in the outbox."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, ProductListed, PriceChanged, ProductDelisted)
