"""The demo data is valid for the shop's API, and its pictures are safe to serve."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from cli.demo import demo_products, demo_shipping_options, demo_stock
from souk.delivery.schemas import CreateShippingOptionRequest

STOREFRONT = Path(__file__).parents[2] / "storefront"
PICTURES = sorted((STOREFRONT / "pictures").iterdir())
PRODUCTS = demo_products()
SVG = "{http://www.w3.org/2000/svg}"

every_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product["sku"])
every_picture = pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)


def test_there_are_24_products_with_different_skus() -> None:
    skus = {product["sku"] for product in PRODUCTS}

    assert len(PRODUCTS) == len(skus) == 24


def test_there_are_5_to_8_categories_with_at_least_3_products_each() -> None:
    categories = [product["category"] for product in PRODUCTS]

    assert 5 <= len(set(categories)) <= 8
    assert all(categories.count(name) >= 3 for name in categories)


def test_every_product_has_stock_and_some_have_very_little() -> None:
    stock = demo_stock()

    assert stock.keys() == {product["sku"] for product in PRODUCTS}
    assert sorted(stock.values())[:3] == [1, 2, 3]


@every_product
def test_a_demo_product_has_exactly_the_fields_of_the_api(product: dict[str, Any]) -> None:
    fields = {"sku", "name", "category", "description", "price", "weight_grams", "image"}

    assert set(product) == fields
    assert set(product["price"]) == {"amount", "currency"}


@every_product
def test_a_demo_product_is_within_the_limits(product: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", product["sku"])
    assert 1 <= len(product["name"]) <= 200
    assert 1 <= len(product["category"]) <= 60
    assert 40 <= len(product["description"]) <= 400
    assert product["price"]["currency"] == "GBP"
    assert 1 <= product["price"]["amount"] <= 10_000_000
    assert 1 <= product["weight_grams"] <= 1_000_000


@every_product
def test_a_demo_product_shows_its_own_picture(product: dict[str, Any]) -> None:
    assert product["image"] == f"/pictures/{product['sku'].lower()}.svg"
    assert (STOREFRONT / product["image"][1:]).is_file()


def test_every_picture_is_used() -> None:
    used = {product["image"] for product in PRODUCTS}

    assert {f"/pictures/{picture.name}" for picture in PICTURES} == used


@every_picture
def test_a_picture_is_a_small_svg_with_a_title_and_the_common_size(picture: Path) -> None:
    drawing = ET.fromstring(picture.read_bytes())  # noqa: S314  our own file

    assert picture.stat().st_size < 6_000
    assert drawing.tag == f"{SVG}svg"
    assert drawing.get("viewBox") == "0 0 400 400"
    assert drawing.findtext(f"{SVG}title")


@every_picture
def test_a_picture_runs_no_scripts_and_loads_nothing(picture: Path) -> None:
    drawing = ET.fromstring(picture.read_bytes())  # noqa: S314  our own file
    tags = {element.tag.removeprefix(SVG) for element in drawing.iter()}
    attributes = [pair for element in drawing.iter() for pair in element.items()]

    assert tags.isdisjoint({"script", "style", "image", "foreignObject", "a", "animate", "set"})
    assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]
    assert all(value.startswith("#") for name, value in attributes if name.endswith("href"))
    assert not [value for _, value in attributes if re.search(r"//|url\((?!#)|data:", value)]


def test_the_demos_shipping_options_are_valid_for_the_api() -> None:
    options = [
        msgspec.convert(option, CreateShippingOptionRequest) for option in demo_shipping_options()
    ]

    standard = next(option for option in options if option.id == "standard")
    assert [(rate.country, rate.max_grams) for rate in standard.rates] == [("*", None)]
    assert len(options) > 1
