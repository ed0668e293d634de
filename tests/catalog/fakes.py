"""Products kept in memory, and the real ones with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.catalog.domain import Product, SkuTaken, Upload
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.store import ProductStore
from souk.kernel.errors import ChangedMeanwhile, NotFound
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.catalog.domain import PictureFile
    from souk.kernel.facts import Fact


class FakeProducts:
    """Products by SKU; `said` are the facts told with their changes."""

    def __init__(self, *products: Product) -> None:
        self._kept = {product.sku: product for product in products}
        self.said: list[Fact] = []

    def get(self, sku: str) -> Product:
        if sku not in self._kept:
            raise NotFound(f"there is no product {sku}")
        return self._kept[sku]

    def add(self, product: Product, fact: Fact) -> None:
        if product.sku in self._kept:
            raise SkuTaken(f"the SKU {product.sku} is taken")
        self._keep(product, fact)

    def save(self, before: Product, after: Product, fact: Fact) -> None:
        if self._kept[before.sku].version != before.version:
            raise ChangedMeanwhile(f"{after.sku} was changed meanwhile; read it again")
        self._keep(after, fact)

    def _keep(self, product: Product, fact: Fact) -> None:
        self._kept[product.sku] = product
        self.said.append(fact)


class FakePictures:
    """Lets every file be sent to one place; `asked` are those files."""

    def __init__(self) -> None:
        self.asked: list[PictureFile] = []

    def upload(self, file: PictureFile) -> Upload:
        self.asked.append(file)
        return Upload("https://pictures.example", {"key": "media/1"}, "/media/1")


class StoredProducts(ProductStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, ProductListed, PriceChanged, ProductDelisted)
