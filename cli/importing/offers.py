"""A record of the file as the product it asks the shop to have."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from cli.importing.amounts import grams, minor_units, whole
from cli.importing.columns import NEEDED, Columns
from cli.importing.faults import Fault, Faulty
from cli.importing.lines import text
from cli.importing.records import Cells

NEW: Final = {"category": "uncategorised", "weight_grams": 0, "description": "", "image": None}
DETAILS: Final = ("name", *NEW)

Details = dict[str, Any]
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a line says of a product. None: it says nothing, and the shop keeps what it has.

    `left_out` names what the line says and an import does not bring.
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
    left_out: tuple[str, ...] = ()

    def details(self, known: Details) -> Details:
        """All that describes the product: the line's words, else those already known."""
        said = {name: getattr(self, name) for name in DETAILS}
        return {name: known[name] if value is None else value for name, value in said.items()}

    @property
    def listing(self) -> Details:
        """The body that lists it as a new product."""
        return {"sku": self.sku, **self.details({"name": self.name, **NEW}), "price": self.money}

    @property
    def money(self) -> Details:
        """Its price as the shop writes it."""
        return {"amount": self.price, "currency": self.currency}


def read(cells: Cells, columns: Columns, currency: str) -> Offer:
    """The offer of a shop that sells in `currency`; raises Faulty with all that is wrong."""
    reading = _Reading(cells, columns)
    reading.take("currency", lambda said: _own_currency(said, currency))
    image = reading.take("image", str)
    has_address = image is not None and "/" in image
    offer = Offer(
        sku=reading.take("sku", str) or "",
        name=reading.take("name", _one_line) or "",
        price=reading.take("price", lambda said: _price(said, currency)) or 0,
        currency=currency,
        category=reading.take("category", _one_line),
        weight_grams=_weight(reading),
        description=reading.take("description", str),
        image=image if has_address else None,
        stock=reading.take("stock", whole),
        left_out=("image",) * (image is not None and not has_address),
    )
    reading.check()
    return offer


@dataclass
class _Reading:
    """Takes fields out of a record and keeps what is wrong with them."""

    cells: Cells
    columns: Columns
    faults: dict[str, Fault] = field(default_factory=dict)

    def take(self, name: str, make: Callable[[str], Made]) -> Made | None:
        """None if the line says nothing, or nothing that can be used."""
        value = self.cells.get(self.columns.get(name, ""))
        try:
            said = _said(value)
            if said:
                return make(said)
        except ValueError as error:
            self.faults[name] = Fault(name, str(error))
        else:
            if name in NEEDED:
                self.faults[name] = Fault(name, "is missing")
        return None

    def check(self) -> None:
        if self.faults:
            raise Faulty(*self.faults.values())


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("is neither a text nor a plain number")  # noqa: TRY004  the file's fault
    return text(str(value))


def _one_line(said: str) -> str:
    return " ".join(said.split())


def _own_currency(said: str, currency: str) -> str:
    if said.upper() != currency:
        raise ValueError(f"the price is in {said[:40]}, and this shop sells in {currency}")
    return said


def _price(said: str, currency: str) -> int:
    amount = minor_units(said, currency)
    if not amount:
        raise ValueError("is zero, and nothing is free here")
    return amount


def _weight(reading: _Reading) -> int | None:
    weight = reading.take("weight_grams", lambda said: grams(said, kilograms=False))
    kilograms = reading.take("weight_kg", lambda said: grams(said, kilograms=True))
    return kilograms if weight is None else weight
