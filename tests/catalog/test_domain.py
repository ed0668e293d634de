"""What a product may be, and what is said of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.catalog.domain import MAX_PRICE, Delisted, Image, Sku, Status
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.catalog.wire import NewProduct
from tests.catalog.builders import a_product, details, pounds

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
WISH: dict[str, Any] = {
    "sku": "LAMP-1",
    "name": "Brass lamp",
    "category": "Lamps",
    "weight_grams": 900,
    "price": {"amount": 1299, "currency": "GBP"},
}


def test_a_new_product_is_listed_at_version_one() -> None:
    product = a_product(price=1299)

    assert (product.status, product.version) == (Status.LISTED, 1)
    assert product.listed() == ProductListed(
        sku="LAMP-1",
        name="Brass lamp",
        category="Lamps",
        price=pounds(1299),
        weight_grams=900,
        version=1,
    )


def test_a_new_description_is_said_as_a_listing() -> None:
    product = a_product(price=1299)

    changed, fact = product.describe(details(name="Copper lamp", weight_grams=950))

    assert (changed.details.name, changed.version) == ("Copper lamp", 2)
    assert fact == changed.listed()
    assert changed.price == product.price


def test_a_new_price_is_said_beside_the_old_one() -> None:
    changed, fact = a_product(price=1299).reprice(pounds(999))

    assert (changed.price, changed.version) == (pounds(999), 2)
    assert fact == PriceChanged(
        sku="LAMP-1",
        name="Brass lamp",
        price=pounds(999),
        was=pounds(1299),
        weight_grams=900,
        version=2,
    )


def test_a_product_taken_out_of_sale_says_all_a_basket_shows_of_it() -> None:
    changed, fact = a_product(price=1299).delist()

    assert (changed.status, changed.version) == (Status.DELISTED, 2)
    assert fact == ProductDelisted(
        sku="LAMP-1", name="Brass lamp", price=pounds(1299), weight_grams=900, version=2
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda product: product.describe(details()),
        lambda product: product.reprice(pounds(1)),
        lambda product: product.delist(),
    ],
)
def test_what_was_delisted_does_not_change_any_more(change: Any) -> None:
    with pytest.raises(Delisted, match="LAMP-1"):
        change(a_product(status=Status.DELISTED))


@pytest.mark.parametrize("price", [0, -1, MAX_PRICE + 1])
def test_nothing_is_free_and_nothing_costs_more_than_the_shop_can_count(price: int) -> None:
    with pytest.raises(ValueError, match="a price is from 1"):
        a_product(price=price)

    with pytest.raises(ValueError, match="a price is from 1"):
        a_product().reprice(pounds(price))


@given(st.text(LETTERS + "._-", min_size=1, max_size=40).filter(lambda sku: sku[0] in LETTERS))
def test_a_sku_of_letters_digits_dots_and_dashes_is_taken(sku: str) -> None:
    assert msgspec.convert(sku, Sku) == sku


@given(st.text(min_size=1, max_size=42).filter(lambda text: not text.isascii()))
def test_a_sku_in_any_other_script_is_refused(sku: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sku, Sku)


@pytest.mark.parametrize("sku", ["", "-A", ".A", "A B", "A/B", "A#B", "A\n", "\nA", "A" * 41])
def test_a_sku_that_would_not_stand_in_an_address_is_refused(sku: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(sku, Sku)


@pytest.mark.parametrize("image", ["http://x/y", "lamp.svg", "javascript:x", "/a b", "/a\n", ""])
def test_an_image_is_ours_or_comes_by_https(image: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(image, Image)


@pytest.mark.parametrize(
    "wrong",
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
        {"price": {"amount": MAX_PRICE + 1, "currency": "GBP"}},
        {"colour": "brass"},
    ],
)
def test_a_product_beyond_the_limits_is_refused(wrong: dict[str, Any]) -> None:
    assert msgspec.convert(WISH, NewProduct).details() == details()

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(WISH | wrong, NewProduct)
