"""What staff can do with products."""

from __future__ import annotations

from typing import Any

import pytest

from souk.catalog.domain import DelistedProduct, PictureFile, ProductStatus, SkuExists
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.usecases import (
    change_price,
    create_picture_upload,
    create_product,
    delist_product,
    update_product,
)
from souk.kernel.errors import InvalidRequest, NotFound, PreconditionFailed
from souk.kernel.money import Money
from tests.catalog.builders import a_product, details, pounds
from tests.catalog.fakes import FakePictures, FakeProducts


def test_a_new_product_is_stored_and_published() -> None:
    products = FakeProducts()

    created = create_product("LAMP-1", details(), pounds(1299), currency="GBP", products=products)

    assert products.get("LAMP-1") == created
    assert products.published == [created.to_listed_event()]


def test_products_sort_by_the_time_they_were_listed() -> None:
    products = FakeProducts()

    first, second = (
        create_product(sku, details(), pounds(1), currency="GBP", products=products)
        for sku in ("LAMP-1", "LAMP-2")
    )

    assert first.listing_id != second.listing_id
    assert first.listing_id[:13] <= second.listing_id[:13]  # the millisecond
    assert first.listed_at <= second.listed_at


def test_a_sku_can_be_used_only_once() -> None:
    first = a_product("LAMP-1", price=1299)
    products = FakeProducts(first)

    with pytest.raises(SkuExists):
        create_product("LAMP-1", details(), pounds(1), currency="GBP", products=products)

    assert products.get("LAMP-1") == first
    assert products.published == []


def test_a_product_with_new_details_keeps_its_price() -> None:
    products = FakeProducts(a_product(price=1299))

    update_product("LAMP-1", details(name="Copper"), expected_version=1, products=products)

    stored = products.get("LAMP-1")
    assert (stored.details.name, stored.price) == ("Copper", pounds(1299))
    assert [type(event) for event in products.published] == [ProductListed]


def test_a_price_change_is_stored_and_published() -> None:
    products = FakeProducts(a_product(price=1299))

    change_price("LAMP-1", pounds(999), expected_version=1, currency="GBP", products=products)

    assert products.get("LAMP-1").price == pounds(999)
    assert [type(event) for event in products.published] == [PriceChanged]


def test_a_delisting_is_published_once() -> None:
    products = FakeProducts(a_product())

    delist_product("LAMP-1", expected_version=1, products=products)
    with pytest.raises(DelistedProduct):
        delist_product("LAMP-1", expected_version=2, products=products)

    assert products.get("LAMP-1").status is ProductStatus.DELISTED
    assert [type(event) for event in products.published] == [ProductDelisted]


PHOTO = PictureFile(type="image/jpeg", size=1000)


def test_a_picture_upload_does_not_change_the_product() -> None:
    product = a_product()
    products, pictures = FakeProducts(product), FakePictures()

    upload = create_picture_upload("LAMP-1", PHOTO, products=products, pictures=pictures)

    assert (upload.image, pictures.requested) == ("/media/1", [PHOTO])
    assert products.get("LAMP-1") == product
    assert products.published == []


def test_no_picture_can_be_uploaded_for_a_product_that_is_not_for_sale() -> None:
    products, pictures = FakeProducts(a_product(status=ProductStatus.DELISTED)), FakePictures()

    with pytest.raises(DelistedProduct):
        create_picture_upload("LAMP-1", PHOTO, products=products, pictures=pictures)
    with pytest.raises(NotFound):
        create_picture_upload("LAMP-2", PHOTO, products=products, pictures=pictures)

    assert pictures.requested == []


CHANGES: list[Any] = [
    lambda sku, version, products: update_product(
        sku, details(name="x"), expected_version=version, products=products
    ),
    lambda sku, version, products: change_price(
        sku, pounds(1), expected_version=version, currency="GBP", products=products
    ),
    lambda sku, version, products: delist_product(sku, expected_version=version, products=products),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("version", [0, 2])
def test_a_change_of_another_version_is_refused(change: Any, version: int) -> None:
    product = a_product()
    products = FakeProducts(product)

    with pytest.raises(PreconditionFailed) as error:
        change("LAMP-1", version, products)

    assert error.value.members == {"version": 1}
    assert products.get("LAMP-1") == product
    assert products.published == []


@pytest.mark.parametrize("change", CHANGES)
def test_an_unknown_product_cannot_be_changed(change: Any) -> None:
    with pytest.raises(NotFound):
        change("LAMP-1", 1, FakeProducts())


def test_a_price_in_a_foreign_currency_is_refused() -> None:
    products = FakeProducts(a_product("LAMP-1"))
    euro = Money(1, "EUR")

    with pytest.raises(InvalidRequest, match="sells in GBP"):
        create_product("LAMP-2", details(), euro, currency="GBP", products=products)
    with pytest.raises(InvalidRequest, match="sells in GBP"):
        change_price("LAMP-1", euro, expected_version=1, currency="GBP", products=products)

    assert products.published == []
