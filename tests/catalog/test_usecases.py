"""What staff do with products."""

from __future__ import annotations

from typing import Any

import pytest

from souk.catalog.domain import Delisted, PictureFile, SkuTaken, Status
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.usecases import (
    change_price,
    delist_product,
    describe_product,
    list_product,
    upload_picture,
)
from souk.kernel.errors import ChangedMeanwhile, Invalid, NotFound
from souk.kernel.money import Money
from tests.catalog.builders import a_product, details, pounds
from tests.catalog.fakes import FakePictures, FakeProducts


def test_a_listed_product_is_kept_and_said() -> None:
    products = FakeProducts()

    listed = list_product("LAMP-1", details(), pounds(1299), currency="GBP", products=products)

    assert products.get("LAMP-1") == listed
    assert products.said == [listed.listed()]


def test_a_product_listed_later_stands_before_an_earlier_one() -> None:
    products = FakeProducts()

    one, other = (
        list_product(sku, details(), pounds(1), currency="GBP", products=products)
        for sku in ("LAMP-1", "LAMP-2")
    )

    assert one.listing_id != other.listing_id
    assert one.listing_id[:13] <= other.listing_id[:13]  # the millisecond
    assert one.listed_at <= other.listed_at


def test_a_sku_is_given_once() -> None:
    first = a_product("LAMP-1", price=1299)
    products = FakeProducts(first)

    with pytest.raises(SkuTaken):
        list_product("LAMP-1", details(), pounds(1), currency="GBP", products=products)

    assert products.get("LAMP-1") == first
    assert products.said == []


def test_a_described_product_keeps_its_price() -> None:
    products = FakeProducts(a_product(price=1299))

    describe_product("LAMP-1", details(name="Copper"), seen_version=1, products=products)

    kept = products.get("LAMP-1")
    assert (kept.details.name, kept.price) == ("Copper", pounds(1299))
    assert [type(fact) for fact in products.said] == [ProductListed]


def test_a_price_change_is_said() -> None:
    products = FakeProducts(a_product(price=1299))

    change_price("LAMP-1", pounds(999), seen_version=1, currency="GBP", products=products)

    assert products.get("LAMP-1").price == pounds(999)
    assert [type(fact) for fact in products.said] == [PriceChanged]


def test_a_delisting_is_said_once() -> None:
    products = FakeProducts(a_product())

    delist_product("LAMP-1", seen_version=1, products=products)
    with pytest.raises(Delisted):
        delist_product("LAMP-1", seen_version=2, products=products)

    assert products.get("LAMP-1").status is Status.DELISTED
    assert [type(fact) for fact in products.said] == [ProductDelisted]


PHOTO = PictureFile(type="image/jpeg", size=1000)


def test_a_picture_may_be_sent_for_a_product_which_stays_as_it_is() -> None:
    product = a_product()
    products, pictures = FakeProducts(product), FakePictures()

    upload = upload_picture("LAMP-1", PHOTO, products=products, pictures=pictures)

    assert (upload.image, pictures.asked) == ("/media/1", [PHOTO])
    assert products.get("LAMP-1") == product
    assert products.said == []


def test_no_picture_is_sent_for_what_is_not_for_sale() -> None:
    products, pictures = FakeProducts(a_product(status=Status.DELISTED)), FakePictures()

    with pytest.raises(Delisted):
        upload_picture("LAMP-1", PHOTO, products=products, pictures=pictures)
    with pytest.raises(NotFound):
        upload_picture("LAMP-2", PHOTO, products=products, pictures=pictures)

    assert pictures.asked == []


CHANGES: list[Any] = [
    lambda sku, seen, products: describe_product(
        sku, details(name="x"), seen_version=seen, products=products
    ),
    lambda sku, seen, products: change_price(
        sku, pounds(1), seen_version=seen, currency="GBP", products=products
    ),
    lambda sku, seen, products: delist_product(sku, seen_version=seen, products=products),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seen", [0, 2])
def test_who_did_not_read_the_latest_version_changes_nothing(change: Any, seen: int) -> None:
    product = a_product()
    products = FakeProducts(product)

    with pytest.raises(ChangedMeanwhile) as refused:
        change("LAMP-1", seen, products)

    assert refused.value.members == {"version": 1}
    assert products.get("LAMP-1") == product
    assert products.said == []


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_exist_is_not_changed(change: Any) -> None:
    with pytest.raises(NotFound):
        change("LAMP-1", 1, FakeProducts())


def test_the_shop_sells_in_its_own_currency() -> None:
    products = FakeProducts(a_product("LAMP-1"))
    euro = Money(1, "EUR")

    with pytest.raises(Invalid, match="sells in GBP"):
        list_product("LAMP-2", details(), euro, currency="GBP", products=products)
    with pytest.raises(Invalid, match="sells in GBP"):
        change_price("LAMP-1", euro, seen_version=1, currency="GBP", products=products)

    assert products.said == []
