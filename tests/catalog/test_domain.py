"""The limits of a product, and the events of its changes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.catalog.domain import (
    MAX_PRICE_AMOUNT,
    DelistedProduct,
    Image,
    ProductStatus,
    Sku,
)
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.schemas import CreateProductRequest
from tests.catalog.builders import a_product, details, pounds

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
NEW_PRODUCT: dict[str, Any] = {
    "sku": "LAMP-1",
    "name": "Brass lamp",
    "category": "Lamps",
    "weight_grams": 900,
    "price": {"amount": 1299, "currency": "GBP"},
}


def test_a_new_product_is_listed_at_version_one() -> None:
    product = a_product(price=1299)

    assert (product.status, product.version) == (ProductStatus.LISTED, 1)
    assert product.to_listed_event() == ProductListed(
        sku="LAMP-1",
        name="Brass lamp",
        category="Lamps",
        price=pounds(1299),
        weight_grams=900,
        version=1,
    )


def test_changed_details_publish_the_product_as_listed() -> None:
    product = a_product(price=1299)

    changed, event = product.update_details(details(name="Copper lamp", weight_grams=950))

    assert (changed.details.name, changed.version) == ("Copper lamp", 2)
    assert event == changed.to_listed_event()
    assert changed.price == product.price


def test_a_price_change_publishes_the_new_and_the_previous_price() -> None:
    changed, event = a_product(price=1299).change_price(pounds(999))

    assert (changed.price, changed.version) == (pounds(999), 2)
    assert event == PriceChanged(
        sku="LAMP-1",
        name="Brass lamp",
        price=pounds(999),
        previous_price=pounds(1299),
        weight_grams=900,
        version=2,
    )


def test_a_delisting_publishes_what_baskets_display() -> None:
    changed, event = a_product(price=1299).delist()

    assert (changed.status, changed.version) == (ProductStatus.DELISTED, 2)
    assert event == ProductDelisted(
        sku="LAMP-1", name="Brass lamp", price=pounds(1299), weight_grams=900, version=2
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda product: product.update_details(details()),
        lambda product: product.change_price(pounds(1)),
        lambda product: product.delist(),
    ],
)
def test_a_delisted_product_cannot_be_changed(change: Any) -> None:
    with pytest.raises(DelistedProduct, match="LAMP-1"):
        change(a_product(status=ProductStatus.DELISTED))


@pytest.mark.parametrize("price", [0, -1, MAX_PRICE_AMOUNT + 1])
def test_a_price_is_above_zero_and_within_the_limit(price: int) -> None:
    with pytest.raises(ValueError, match="a price must be 1 to"):
        a_product(price=price)

    with pytest.raises(ValueError, match="a price must be 1 to"):
        a_product().change_price(pounds(price))


@given(
    st.text(ALPHANUMERIC + "._-", min_size=1, max_size=40).filter(
        lambda sku: sku[0] in ALPHANUMERIC
    )
)
def test_a_sku_of_letters_digits_dots_and_dashes_is_valid(sku: str) -> None:
    assert msgspec.convert(sku, Sku) == sku


@given(st.text(min_size=1, max_size=42).filter(lambda text: not text.isascii()))
def test_a_sku_with_other_characters_is_refused(sku: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sku, Sku)


@pytest.mark.parametrize("sku", ["", "-A", ".A", "A B", "A/B", "A#B", "A\n", "\nA", "A" * 41])
def test_a_sku_that_does_not_fit_into_a_url_is_refused(sku: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sku, Sku)


@pytest.mark.parametrize("image", ["http://x/y", "lamp.svg", "javascript:x", "/a b", "/a\n", ""])
def test_an_image_is_a_path_of_the_shop_or_an_https_url(image: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(image, Image)


@pytest.mark.parametrize(
    "invalid",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "two\nlines"},
        {"name": "Lamp\n"},
        {"category": ""},
        {"category": "x" * 61},
        {"description": "x" * 4001},
        {"weight_grams": -1},
        {"weight_grams": 1_000_001},
        {"weight_grams": 1.5},
        {"price": {"amount": 0, "currency": "GBP"}},
        {"price": {"amount": MAX_PRICE_AMOUNT + 1, "currency": "GBP"}},
        {"colour": "brass"},
    ],
)
def test_a_product_beyond_the_limits_is_refused(invalid: dict[str, Any]) -> None:
    assert msgspec.convert(NEW_PRODUCT, CreateProductRequest).to_details() == details()

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(NEW_PRODUCT | invalid, CreateProductRequest)
