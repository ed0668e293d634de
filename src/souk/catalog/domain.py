"""A product and the changes it allows."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.kernel.errors import Conflict
from souk.kernel.money import Money
from souk.kernel.patterns import END_OF_TEXT, ONE_LINE, SKU

MAX_PICTURE_BYTES = 5_000_000
MAX_PRICE_AMOUNT = 10_000_000
"""In minor units. The total of the largest order stays exact as a JSON number (2**53)."""

Sku = Annotated[
    str,
    msgspec.Meta(
        pattern=SKU,
        description="Stock keeping unit, up to 40 characters",
    ),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Category = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=ONE_LINE)]
Description = Annotated[str, msgspec.Meta(max_length=4000)]
Weight = Annotated[int, msgspec.Meta(ge=0, le=1_000_000, description="Grams")]
Image = Annotated[
    str, msgspec.Meta(max_length=500, pattern=r"^(https://|/)[^\s\x00-\x1f\x7f]+" + END_OF_TEXT)
]


PictureType = Literal["image/avif", "image/jpeg", "image/png", "image/webp"]
"""Media types accepted for pictures. SVG is not accepted: it can contain scripts."""


class ProductStatus(Enum):
    LISTED = "listed"
    DELISTED = "delisted"


class SkuExists(Conflict):
    slug = "sku-exists"
    title = "SKU already exists"


class DelistedProduct(Conflict):
    slug = "product-delisted"
    title = "Product delisted"


class PictureFile(msgspec.Struct, frozen=True, kw_only=True):
    """Media type and size of a picture that is going to be uploaded."""

    type: PictureType
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_PICTURE_BYTES, description="Bytes")]


class PictureUpload(msgspec.Struct, frozen=True):
    """A presigned form for the upload of one picture.

    The client posts `fields`, in their order, and then the file under the name `file`, as
    multipart/form-data to `url`. After that the picture is served at the path `image`, which is
    unique to it.
    """

    url: str
    fields: dict[str, str]
    image: str


class ProductDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a product: everything that staff can change except its price."""

    name: Name
    category: Category
    weight_grams: Weight
    description: Description = ""
    image: Image | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product, identified by its SKU. Its price is above zero.

    `listing_id` is a UUIDv7: it sorts products by the time they were listed, `listed_at`.
    Raises ValueError for a price outside 1 to MAX_PRICE_AMOUNT.
    """

    sku: Sku
    details: ProductDetails
    price: Money
    listing_id: str
    listed_at: str
    status: ProductStatus = ProductStatus.LISTED
    version: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.price.amount <= MAX_PRICE_AMOUNT:
            raise ValueError(f"a price must be 1 to {MAX_PRICE_AMOUNT} minor units")

    def to_listed_event(self) -> ProductListed:
        return ProductListed(
            sku=self.sku,
            name=self.details.name,
            category=self.details.category,
            price=self.price,
            weight_grams=self.details.weight_grams,
            version=self.version,
        )

    def update_details(self, details: ProductDetails) -> tuple[Product, ProductListed]:
        """Raises DelistedProduct."""
        after = replace(self.require_listed(), details=details, version=self.version + 1)
        return after, after.to_listed_event()

    def change_price(self, price: Money) -> tuple[Product, PriceChanged]:
        """Raises DelistedProduct, or ValueError for a price out of range."""
        after = replace(self.require_listed(), price=price, version=self.version + 1)
        return after, PriceChanged(
            sku=self.sku,
            name=self.details.name,
            price=price,
            previous_price=self.price,
            weight_grams=self.details.weight_grams,
            version=after.version,
        )

    def delist(self) -> tuple[Product, ProductDelisted]:
        """Raises DelistedProduct: it cannot be delisted twice, nor listed again."""
        after = replace(
            self.require_listed(), status=ProductStatus.DELISTED, version=self.version + 1
        )
        return after, ProductDelisted(
            sku=self.sku,
            name=self.details.name,
            price=self.price,
            weight_grams=self.details.weight_grams,
            version=after.version,
        )

    def require_listed(self) -> Product:
        """Returns the product itself. Raises DelistedProduct."""
        if self.status is ProductStatus.DELISTED:
            raise DelistedProduct(f"Product {self.sku} is delisted and cannot be changed.")
        return self
