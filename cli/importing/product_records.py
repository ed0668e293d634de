"""Parses a record of the file into the fields of a product."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from cli.importing.amounts import to_grams, to_minor_units, to_whole_number
from cli.importing.columns import REQUIRED_FIELDS, ColumnMapping
from cli.importing.errors import FieldError, InvalidRecord
from cli.importing.lines import clean_text
from cli.importing.records import Cells

DEFAULTS: Final = {
    "category": "uncategorised",
    "weight_grams": 0,
    "description": "",
    "image": None,
}
"""Fields that a new product gets if its record does not have them."""
DETAIL_FIELDS: Final = ("name", *DEFAULTS)

Details = dict[str, Any]
"""Part of a product in the shape of the API."""
FieldValue = TypeVar("FieldValue")


@dataclass(frozen=True, kw_only=True)
class ProductRecord:
    """The product that a record describes.

    `price` is in minor units of `currency`. A field that is None keeps its value in the shop.
    `omitted` names the fields whose values cannot be imported.
    """

    sku: str
    name: str
    price: int
    currency: str
    category: str | None = None
    weight_grams: int | None = None
    description: str | None = None
    image: str | None = None
    stock: int | None = None
    omitted: tuple[str, ...] = ()

    def details_with(self, current: Details) -> Details:
        """The details of this record, completed with the `current` ones of the product."""
        values = {name: getattr(self, name) for name in DETAIL_FIELDS}
        return {name: current[name] if value is None else value for name, value in values.items()}

    def as_new_product(self) -> Details:
        """The request body that lists it as a new product."""
        details = self.details_with({"name": self.name, **DEFAULTS})
        return {"sku": self.sku, **details, "price": self.money}

    @property
    def money(self) -> Details:
        """The price as the API represents it."""
        return {"amount": self.price, "currency": self.currency}


def parse_record(cells: Cells, columns: ColumnMapping, currency: str) -> ProductRecord:
    """The product of a record, for a shop that sells in `currency`.

    Raises InvalidRecord with the errors of all fields.
    """
    parser = _RecordParser(cells, columns)
    parser.parse("currency", lambda text: _check_currency(text, currency))
    image = parser.parse("image", str)
    is_address = image is not None and "/" in image
    record = ProductRecord(
        sku=parser.parse("sku", str) or "",
        name=parser.parse("name", _to_one_line) or "",
        price=parser.parse("price", lambda text: _parse_price(text, currency)) or 0,
        currency=currency,
        category=parser.parse("category", _to_one_line),
        weight_grams=_parse_weight(parser),
        description=parser.parse("description", str),
        image=image if is_address else None,
        stock=parser.parse("stock", to_whole_number),
        omitted=("image",) * (image is not None and not is_address),
    )
    parser.raise_errors()
    return record


@dataclass
class _RecordParser:
    """Parses the fields of one record and collects their errors."""

    cells: Cells
    columns: ColumnMapping
    errors: dict[str, FieldError] = field(default_factory=dict)

    def parse(self, name: str, convert: Callable[[str], FieldValue]) -> FieldValue | None:
        """The converted value of a field; None if the field is empty or invalid."""
        value = self.cells.get(self.columns.get(name, ""))
        try:
            text = _to_text(value)
            if text:
                return convert(text)
        except ValueError as error:
            self.errors[name] = FieldError(name, str(error))
        else:
            if name in REQUIRED_FIELDS:
                self.errors[name] = FieldError(name, "is missing")
        return None

    def raise_errors(self) -> None:
        if self.errors:
            raise InvalidRecord(*self.errors.values())


def _to_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("must be text or a number")  # noqa: TRY004  an error of the file
    return clean_text(str(value))


def _to_one_line(text: str) -> str:
    return " ".join(text.split())


def _check_currency(text: str, currency: str) -> str:
    if text.upper() != currency:
        raise ValueError(f"the price is in {text[:40]}, but the shop sells in {currency}")
    return text


def _parse_price(text: str, currency: str) -> int:
    amount = to_minor_units(text, currency)
    if not amount:
        raise ValueError("must be greater than zero")
    return amount


def _parse_weight(parser: _RecordParser) -> int | None:
    grams = parser.parse("weight_grams", lambda text: to_grams(text, kilograms=False))
    from_kilograms = parser.parse("weight_kg", lambda text: to_grams(text, kilograms=True))
    return from_kilograms if grams is None else grams
