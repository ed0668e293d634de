"""A product, and what may happen to it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.kernel.errors import Conflict
from souk.kernel.money import Money
from souk.kernel.patterns import END, ONE_LINE, SKU

MAX_PICTURE = 5_000_000  # bytes
MAX_PRICE = 10_000_000  # so that any order's total stays exact as a JSON number (2**53)

Sku = Annotated[
    str,
    msgspec.Meta(
        pattern=SKU,
        description="Stock keeping unit, up to 40",
    ),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Category = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=ONE_LINE)]
Description = Annotated[str, msgspec.Meta(max_length=4000)]
Weight = Annotated[int, msgspec.Meta(ge=0, le=1_000_000, description="Grams")]
Image = Annotated[
    str, msgspec.Meta(max_length=500, pattern=r"^(https://|/)[^\s\x00-\x1f\x7f]+" + END)
]


PictureType = Literal["image/avif", "image/jpeg", "image/png", "image/webp"]
"""No SVG: it may hold a script."""


class Status(Enum):
    LISTED = "listed"
    DELISTED = "delisted"


class SkuTaken(Conflict):
    slug = "sku-taken"
    title = "There is a product with this SKU"


class Delisted(Conflict):
    slug = "product-delisted"
    title = "The product is not for sale any more"


class PictureFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a picture before it is sent."""

    type: PictureType
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_PICTURE, description="Bytes")]


class Upload(msgspec.Struct, frozen=True):
    """Where one picture may be sent, soon and once it is as was said.

    A form of `fields`, in their order, and then the file as `file`, is posted to `url`. From then
    on it is read at `image`, which no other picture ever has.
    """

    url: str
    fields: dict[str, str]
    image: str


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What describes a product, apart from its price."""

    name: Name
    category: Category
    weight_grams: Weight
    description: Description = ""
    image: Image | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for sale. Its SKU is its identity; its price is above zero.

    `listing_id` sorts products by when they were listed; `listed_at` is that time.
    """

    sku: Sku
    details: Details
    price: Money
    listing_id: str
    listed_at: str
    status: Status = Status.LISTED
    version: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.price.amount <= MAX_PRICE:
            raise ValueError(f"a price is from 1 to {MAX_PRICE} minor units")

    def listed(self) -> ProductListed:
        return ProductListed(
            sku=self.sku,
            name=self.details.name,
            category=self.details.category,
            price=self.price,
            weight_grams=self.details.weight_grams,
            version=self.version,
        )

    def describe(self, details: Details) -> tuple[Product, ProductListed]:
        changed = replace(self.for_sale(), details=details, version=self.version + 1)
        return changed, changed.listed()

    def reprice(self, price: Money) -> tuple[Product, PriceChanged]:
        changed = replace(self.for_sale(), price=price, version=self.version + 1)
        return changed, PriceChanged(
            sku=self.sku,
            name=self.details.name,
            price=price,
            was=self.price,
            weight_grams=self.details.weight_grams,
            version=changed.version,
        )

    def delist(self) -> tuple[Product, ProductDelisted]:
        changed = replace(self.for_sale(), status=Status.DELISTED, version=self.version + 1)
        return changed, ProductDelisted(
            sku=self.sku,
            name=self.details.name,
            price=self.price,
            weight_grams=self.details.weight_grams,
            version=changed.version,
        )

    def for_sale(self) -> Product:
        """Itself; raises Delisted once it is not for sale any more."""
        if self.status is Status.DELISTED:
            raise Delisted(f"{self.sku} was delisted; it cannot be changed")
        return self
