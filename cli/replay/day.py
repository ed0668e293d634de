"""A retail day file, read and checked as a whole before anything is played."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

from cli.replay.sku import sku_of

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
OPTIONAL: Final = ("Stock", "Payment")
"""What an authored day may say besides: how many pieces of a product at its price there are (when
not as many as the day's customers want), and the payment token an invoice is paid with."""
CURRENCY: Final = "GBP"
BOOKKEEPING: Final = frozenset(
    {"POST", "DOT", "C2", "C3", "CRUK", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2"}
)
_WHOLE = re.compile(r"-?\d{1,9}(\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,9}(\.\d{1,20})?", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class DayError(Exception):
    """Why a day file cannot be played, in one sentence that names the line."""

    def __init__(self, path: Path, line: int | None, why: str) -> None:
        super().__init__(f"{path.name}, line {line}: {why}" if line else f"{path.name}: {why}")
        self.line = line


@dataclass(frozen=True)
class Line:
    """One line of an invoice, as the file has it."""

    number: int
    invoice: str
    code: str
    description: str
    quantity: int
    price: Decimal
    at: datetime
    country: str
    customer: str = ""
    stock: int | None = None
    payment: str = ""

    @cached_property
    def value(self) -> int:
        """Its money in pennies, a half penny going to the even side; negative lines included."""
        return int(_EXACT.to_integral_value(_EXACT.multiply(self._pennies, Decimal(self.quantity))))

    @cached_property
    def unit_price(self) -> int:
        """The price in pennies; exact for every line that can be sold."""
        return int(self._pennies)

    @cached_property
    def sku(self) -> str:
        return sku_of(self.code, self.unit_price)

    @property
    def takes_back(self) -> bool:
        """Whether it undoes what was bought, wholly or in part, instead of buying."""
        return self.invoice[0] in "Cc"

    @cached_property
    def refusal(self) -> str | None:
        """Why a shop can neither sell this line nor take it back, or None when it may."""
        rules = {
            "adjustment": self.invoice[0].isalpha() and not self.takes_back,
            "not-a-product": len(self.code) == 1 or self.code.upper() in BOOKKEEPING,
            "free": self.price == 0,
            "negative-price": self.price < 0,
            "not-a-positive-quantity": self.quantity <= 0 and not self.takes_back,
            "not-a-negative-quantity": self.quantity >= 0 and self.takes_back,
            "fraction-of-a-penny": self._pennies != self.unit_price,
        }
        return next((reason for reason, holds in rules.items() if holds), None)

    @property
    def _pennies(self) -> Decimal:
        return _EXACT.multiply(self.price, Decimal(100))


@dataclass(frozen=True)
class Wanted:
    """What a customer puts into the basket at once: all lines of one code at one price."""

    sku: str
    unit_price: int
    lines: tuple[Line, ...]

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def value(self) -> int:
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class Invoice:
    """All lines of one invoice number, wherever in the file they stand; never empty."""

    number: str
    lines: tuple[Line, ...]

    @property
    def country(self) -> str:
        return self.lines[0].country

    @property
    def payment(self) -> str:
        """The payment token its customer sends; one that succeeds, unless the file has another."""
        return next((line.payment for line in self.lines if line.payment), "tok_replay")

    @property
    def takes_back(self) -> tuple[Line, ...]:
        """What of it may come back, in the order of the file."""
        return tuple(line for line in self.lines if line.refusal is None and line.takes_back)

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        """What can be sold of it, in the order of the file."""
        bundles: dict[str, list[Line]] = {}
        for line in self.lines:
            if line.refusal is None and not line.takes_back:
                bundles.setdefault(line.sku, []).append(line)
        return tuple(Wanted(sku, of[0].unit_price, tuple(of)) for sku, of in bundles.items())


@dataclass(frozen=True)
class Day:
    """One trading day; every line of it has been checked."""

    name: str
    invoices: tuple[Invoice, ...]

    @property
    def date(self) -> date:
        """The date of its first line."""
        return self.lines[0].at.date()

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for invoice in self.invoices for line in invoice.lines)

    @property
    def value(self) -> int:
        return sum(line.value for line in self.lines)


def read_day(path: Path) -> Day:
    """The whole day, or DayError for the first thing that is wrong with the file."""
    invoices: dict[str, list[Line]] = {}
    for line in _lines(path):
        invoices.setdefault(line.invoice, []).append(line)
    if not invoices:
        raise DayError(path, None, "the file has a header but no invoice lines.")
    return Day(path.name, tuple(Invoice(number, tuple(of)) for number, of in invoices.items()))


def _lines(path: Path) -> Iterator[Line]:
    records = _records(path)
    number, header = next(records, (1, []))
    names = [name.strip() for name in header]
    _check_header(path, number, names)
    for number, fields in records:
        if len(fields) != len(names):
            why = f"there are {len(fields)} fields where the header has {len(names)} columns."
            raise DayError(path, number, why)
        yield _Row(path, number, dict(zip(names, fields, strict=True))).line()


def _check_header(path: Path, number: int, names: list[str]) -> None:
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        why = f"missing in the header: {', '.join(missing)}. A day file needs {', '.join(COLUMNS)}."
        raise DayError(path, number, why)
    twice = [column for column in (*COLUMNS, *OPTIONAL) if names.count(column) > 1]
    if twice:
        raise DayError(path, number, f"the header has {', '.join(twice)} more than once.")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records with the number of the line each one starts on; empty lines are passed over."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        raise DayError(path, start, f"this is not valid CSV ({error}).") from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DayError(path, None, f"the file cannot be read ({error.strerror}).") from error
    if not data.strip():
        raise DayError(path, None, "the file is empty.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = _line_of(data, error.start)
        raise DayError(path, number, "this is not UTF-8; save the file as UTF-8.") from error
    if "\0" in text:
        number = _line_of(data, data.index(b"\0"))
        raise DayError(path, number, "there is a zero byte; this is not a CSV text in UTF-8.")
    return text


def _line_of(data: bytes, position: int) -> int:
    return len(re.split(rb"\r\n|\r|\n", data[:position]))


@dataclass(frozen=True)
class _Row:
    path: Path
    number: int
    fields: dict[str, str]

    def line(self) -> Line:
        return Line(
            number=self.number,
            invoice=self._needed("InvoiceNo"),
            code=self._needed("StockCode"),
            description=" ".join(self.fields["Description"].split()),
            quantity=int(self._number("Quantity", _WHOLE, "a whole number")),
            price=self._number("UnitPrice", _DECIMAL, "a number"),
            at=self._date(),
            country=self.fields["Country"].strip(),
            customer=self.fields["CustomerID"].strip(),
            stock=self._stock(),
            payment=self.fields.get("Payment", "").strip(),
        )

    def _stock(self) -> int | None:
        text = self.fields.get("Stock", "").strip()
        if text and not text.isdecimal():
            self._wrong(f"Stock has to be a whole number, not “{text[:40]}”.")
        return int(text) if text else None

    def _needed(self, column: str) -> str:
        return self.fields[column].strip() or self._wrong(f"{column} is empty.")

    def _number(self, column: str, form: re.Pattern[str], what: str) -> Decimal:
        text = self._needed(column)
        if not form.fullmatch(text):
            self._wrong(f"{column} has to be {what}, not “{text[:40]}”.")
        return Decimal(text)

    def _date(self) -> datetime:
        text = self._needed("InvoiceDate")
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            self._wrong(f"InvoiceDate has to be like 2010-12-01 08:26:00, not “{text[:40]}”.")

    def _wrong(self, why: str) -> NoReturn:
        raise DayError(self.path, self.number, why)
