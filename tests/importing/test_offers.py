"""What a line says becomes exact figures, or a fault that names the field."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.importing.amounts import minor_units
from cli.importing.faults import Faulty
from cli.importing.offers import read

FIELDS = ("sku", "name", "price", "category", "description", "weight_grams", "weight_kg")


def faults(**cells: Any) -> dict[str, str]:
    line = {"sku": "A", "name": "Thing", "price": "1"} | cells
    with pytest.raises(Faulty) as faulty:
        read(line, {field: field for field in FIELDS}, "GBP")
    return {str(fault.field): fault.why for fault in faulty.value.faults}


@given(st.integers(min_value=0, max_value=10**12))
def test_a_price_is_what_it_says_to_the_penny(pence: int) -> None:
    text = str(Decimal(pence).scaleb(-2).quantize(Decimal("0.01")))

    assert minor_units(text, "GBP") == pence
    assert minor_units(f"{text}000", "GBP") == pence


@pytest.mark.parametrize(
    "price", ["1,50", "£1", "-1", "1e2", "1.", ".5", "1 000", "٣", "nan", "9" * 16, "1" * 10_000]
)
def test_a_price_that_could_mean_two_things_is_refused(price: str) -> None:
    assert "is not a plain number such as 12.50" in faults(price=price)["price"]


def test_nothing_is_free() -> None:
    assert faults(price="0.00") == {"price": "is zero, and nothing is free here"}


@pytest.mark.parametrize("value", [True, ["a"], {"amount": 1}, 1.5])
def test_only_texts_and_numbers_are_values(value: object) -> None:
    assert faults(price=value) == {"price": "is neither a text nor a plain number"}


def test_half_a_character_is_no_text() -> None:
    assert faults(name="\ud800") == {"name": "is not UTF-8 text; save the file as UTF-8"}


def test_every_fault_of_a_line_is_named() -> None:
    assert faults(sku=None, name=" ", price=None, weight_grams="1.5") == {
        "sku": "is missing",
        "name": "is missing",
        "price": "is missing",
        "weight_grams": "1.5 is not a whole number of grams",
    }


@pytest.mark.parametrize(
    ("cells", "grams"),
    [({"weight_grams": 7}, 7), ({"weight_kg": "1.25"}, 1250), ({"weight_kg": "2"}, 2000), ({}, 0)],
)
def test_weights_come_in_grams_or_kilograms(cells: dict[str, Any], grams: int) -> None:
    line = {"sku": "A", "name": "Thing", "price": 1, **cells}

    offer = read(line, {field: field for field in FIELDS}, "GBP")

    assert offer.listing["weight_grams"] == grams


def test_names_and_categories_are_one_line() -> None:
    line = {"sku": "A", "name": "two\n lines", "price": 1, "category": "a\tb"}

    listing = read(line, {field: field for field in FIELDS}, "GBP").listing

    assert (listing["name"], listing["category"]) == ("two lines", "a b")
