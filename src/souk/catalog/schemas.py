"""Request and response bodies of the catalog's routes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.catalog.domain import (
    MAX_PRICE_AMOUNT,
    Category,
    PictureFile,
    Product,
    ProductDetails,
    Sku,
)
from souk.kernel.money import Currency, Money


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money above zero, in minor units of the shop's currency."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_PRICE_AMOUNT)]
    currency: Currency

    def to_money(self) -> Money:
        return Money(self.amount, self.currency)


class UpdateProductRequest(ProductDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    def to_details(self) -> ProductDetails:
        return ProductDetails(
            name=self.name,
            category=self.category,
            weight_grams=self.weight_grams,
            description=self.description,
            image=self.image,
        )


class CreateProductRequest(
    UpdateProductRequest, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    sku: Sku
    price: Price


class ChangePriceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    price: Price


class PictureUploadRequest(PictureFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Media type and size of the picture to upload."""


class ProductCard(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list: everything but its description."""

    sku: Sku
    name: str
    category: str
    price: Money
    weight_grams: int
    image: str | None
    status: str
    version: int
    listed_at: str


class ProductView(ProductCard, frozen=True, kw_only=True):
    description: str

    def card(self) -> ProductCard:
        return ProductCard(**{name: getattr(self, name) for name in ProductCard.__struct_fields__})


class ProductPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page; null on the last page."""

    items: list[ProductCard]
    next: str | None


class CategoryView(msgspec.Struct, frozen=True):
    """`products` is the number of products for sale in the category."""

    name: Category
    products: int


class CategoryList(msgspec.Struct, frozen=True):
    items: list[CategoryView]


def to_view(product: Product) -> ProductView:
    details = product.details
    return ProductView(
        sku=product.sku,
        name=details.name,
        category=details.category,
        price=product.price,
        weight_grams=details.weight_grams,
        image=details.image,
        status=product.status.value,
        version=product.version,
        listed_at=product.listed_at,
        description=details.description,
    )
