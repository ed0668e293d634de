"""The cells of a record become exact values, or errors that name the field."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.importing.amounts import to_minor_units
from cli.importing.errors import InvalidRecord
from cli.importing.product_records import parse_record

FIELDS = ("sku", "name", "price", "category", "description", "weight_grams", "weight_kg")
COLUMNS = {field: field for field in FIELDS}


def problems(**cells: Any) -> dict[str, str]:
    """Field to problem, for a valid record with these cells added or replaced."""
    record = {"sku": "A", "name": "Thing", "price": "1"} | cells
    with pytest.raises(InvalidRecord) as invalid:
        parse_record(record, COLUMNS, "GBP")
    return {str(error.field): error.problem for error in invalid.value.errors}


@given(st.integers(min_value=0, max_value=10**12))
def test_a_price_is_exact_to_the_penny(pence: int) -> None:
    text = str(Decimal(pence).scaleb(-2).quantize(Decimal("0.01")))

    assert to_minor_units(text, "GBP") == pence
    assert to_minor_units(f"{text}000", "GBP") == pence


@pytest.mark.parametrize(
    "price", ["1,50", "£1", "-1", "1e2", "1.", ".5", "1 000", "٣", "nan", "9" * 16, "1" * 10_000]
)
def test_an_ambiguous_price_is_invalid(price: str) -> None:
    assert "is not a plain number such as 12.50" in problems(price=price)["price"]


def test_a_price_of_zero_is_invalid() -> None:
    assert problems(price="0.00") == {"price": "must be greater than zero"}


@pytest.mark.parametrize("value", [True, ["a"], {"amount": 1}, 1.5])
def test_only_text_and_numbers_are_valid_values(value: object) -> None:
    assert problems(price=value) == {"price": "must be text or a number"}


def test_a_lone_surrogate_is_invalid() -> None:
    assert problems(name="\ud800") == {"name": "is not UTF-8 text; save the file as UTF-8"}


def test_every_error_of_a_record_is_reported() -> None:
    assert problems(sku=None, name=" ", price=None, weight_grams="1.5") == {
        "sku": "is missing",
        "name": "is missing",
        "price": "is missing",
        "weight_grams": "1.5 is not a whole number of grams",
    }


@pytest.mark.parametrize(
    ("cells", "grams"),
    [({"weight_grams": 7}, 7), ({"weight_kg": "1.25"}, 1250), ({"weight_kg": "2"}, 2000), ({}, 0)],
)
def test_a_weight_is_in_grams_or_kilograms(cells: dict[str, Any], grams: int) -> None:
    record = {"sku": "A", "name": "Thing", "price": 1, **cells}

    product = parse_record(record, COLUMNS, "GBP").as_new_product()

    assert product["weight_grams"] == grams


def test_names_and_categories_become_one_line() -> None:
    record = {"sku": "A", "name": "two\n lines", "price": 1, "category": "a\tb"}

    product = parse_record(record, COLUMNS, "GBP").as_new_product()

    assert (product["name"], product["category"]) == ("two lines", "a b")
