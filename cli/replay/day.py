"""Reads the file of a retail day (CSV) and checks it completely before anything is replayed."""

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

from cli.replay.sku import build_sku

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
OPTIONAL_COLUMNS: Final = ("Stock", "Payment")
"""Columns of a hand-written day.

`Stock` is the number of items in stock of a product at its price; by default, as many as the day's
customers order. `Payment` is the payment token of the invoice.
"""
CURRENCY: Final = "GBP"
NON_PRODUCT_CODES: Final = frozenset(
    {"POST", "DOT", "C2", "C3", "CRUK", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2"}
)
"""Stock codes of postage, fees and adjustments."""
_WHOLE_NUMBER = re.compile(r"-?\d{1,9}(\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,9}(\.\d{1,20})?", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class DayError(Exception):
    """The file cannot be replayed. The message is one sentence that names the line, if any."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        place = f"{path.name}, line {line}" if line else path.name
        super().__init__(f"{place}: {reason}")
        self.line = line


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice, as it is in the file. `number` is its line number in the file."""

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
        """Price times quantity in pennies, may be negative; half pennies round to even."""
        return int(_EXACT.to_integral_value(_EXACT.multiply(self._pennies, Decimal(self.quantity))))

    @cached_property
    def unit_price(self) -> int:
        """The price in pennies; exact for every line that is not refused."""
        return int(self._pennies)

    @cached_property
    def sku(self) -> str:
        return build_sku(self.code, self.unit_price)

    @property
    def is_cancellation(self) -> bool:
        """Whether the line takes back a purchase: its invoice number begins with C."""
        return self.invoice[0] in "Cc"

    @cached_property
    def refusal_reason(self) -> str | None:
        """Why this line can neither be sold nor taken back; None if it can."""
        rules = {
            "adjustment": self.invoice[0].isalpha() and not self.is_cancellation,
            "not-a-product": len(self.code) == 1 or self.code.upper() in NON_PRODUCT_CODES,
            "free": self.price == 0,
            "negative-price": self.price < 0,
            "not-a-positive-quantity": self.quantity <= 0 and not self.is_cancellation,
            "not-a-negative-quantity": self.quantity >= 0 and self.is_cancellation,
            "fraction-of-a-penny": self._pennies != self.unit_price,
        }
        return next((reason for reason, applies in rules.items() if applies), None)

    @property
    def _pennies(self) -> Decimal:
        return _EXACT.multiply(self.price, Decimal(100))


@dataclass(frozen=True)
class BasketLine:
    """All lines of an invoice with the same code and price: one line of the basket."""

    sku: str
    unit_price: int
    lines: tuple[InvoiceLine, ...]

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def value(self) -> int:
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class Invoice:
    """All lines with one invoice number, at least one. In the file they may be apart."""

    number: str
    lines: tuple[InvoiceLine, ...]

    @property
    def country(self) -> str:
        return self.lines[0].country

    @property
    def payment(self) -> str:
        """The payment token; without one in the file, a token with which payment succeeds."""
        return next((line.payment for line in self.lines if line.payment), "tok_replay")

    @property
    def cancellation_lines(self) -> tuple[InvoiceLine, ...]:
        """The lines that take back a purchase and are not refused, in the order of the file."""
        return tuple(
            line for line in self.lines if line.refusal_reason is None and line.is_cancellation
        )

    @cached_property
    def basket_lines(self) -> tuple[BasketLine, ...]:
        """The lines that can be sold, combined by SKU, in the order of the file."""
        by_sku: dict[str, list[InvoiceLine]] = {}
        for line in self.lines:
            if line.refusal_reason is None and not line.is_cancellation:
                by_sku.setdefault(line.sku, []).append(line)
        return tuple(
            BasketLine(sku, lines[0].unit_price, tuple(lines)) for sku, lines in by_sku.items()
        )


@dataclass(frozen=True)
class Day:
    """One trading day. All its lines are valid."""

    name: str
    invoices: tuple[Invoice, ...]

    @property
    def date(self) -> date:
        """The date of its first line."""
        return self.lines[0].at.date()

    @cached_property
    def lines(self) -> tuple[InvoiceLine, ...]:
        return tuple(line for invoice in self.invoices for line in invoice.lines)

    @property
    def value(self) -> int:
        return sum(line.value for line in self.lines)


def read_day(path: Path) -> Day:
    """The whole day. Raises DayError for the first error in the file."""
    invoices: dict[str, list[InvoiceLine]] = {}
    for line in _lines(path):
        invoices.setdefault(line.invoice, []).append(line)
    if not invoices:
        raise DayError(path, None, "the file has a header but no invoice lines.")
    return Day(
        path.name, tuple(Invoice(number, tuple(lines)) for number, lines in invoices.items())
    )


def _lines(path: Path) -> Iterator[InvoiceLine]:
    records = _records(path)
    number, header = next(records, (1, []))
    names = [name.strip() for name in header]
    _check_header(path, number, names)
    for number, fields in records:
        if len(fields) != len(names):
            reason = f"the line has {len(fields)} fields, but the header has {len(names)} columns."
            raise DayError(path, number, reason)
        yield _Row(path, number, dict(zip(names, fields, strict=True))).line()


def _check_header(path: Path, number: int, names: list[str]) -> None:
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        reason = f"missing in the header: {', '.join(missing)}. Required are {', '.join(COLUMNS)}."
        raise DayError(path, number, reason)
    repeated = [column for column in (*COLUMNS, *OPTIONAL_COLUMNS) if names.count(column) > 1]
    if repeated:
        raise DayError(path, number, f"the header has {', '.join(repeated)} more than once.")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records, each with the number of its first line. Skips empty lines."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        raise DayError(path, start, f"the line is not valid CSV ({error}).") from error


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DayError(path, None, f"the file cannot be read ({error.strerror}).") from error
    if not data.strip():
        raise DayError(path, None, "the file is empty.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = _line_number(data, error.start)
        raise DayError(path, number, "the text is not UTF-8; save the file as UTF-8.") from error
    if "\0" in text:
        number = _line_number(data, data.index(b"\0"))
        raise DayError(path, number, "the line has a zero byte; save the file as CSV in UTF-8.")
    return text


def _line_number(data: bytes, position: int) -> int:
    return len(re.split(rb"\r\n|\r|\n", data[:position]))


@dataclass(frozen=True)
class _Row:
    """A record of the file. Its methods raise DayError for an invalid field."""

    path: Path
    number: int
    fields: dict[str, str]

    def line(self) -> InvoiceLine:
        return InvoiceLine(
            number=self.number,
            invoice=self._required("InvoiceNo"),
            code=self._required("StockCode"),
            description=" ".join(self.fields["Description"].split()),
            quantity=int(self._number("Quantity", _WHOLE_NUMBER, "a whole number")),
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
            self._fail(f"Stock has to be a whole number, not “{text[:40]}”.")
        return int(text) if text else None

    def _required(self, column: str) -> str:
        return self.fields[column].strip() or self._fail(f"{column} is empty.")

    def _number(self, column: str, pattern: re.Pattern[str], expected: str) -> Decimal:
        text = self._required(column)
        if not pattern.fullmatch(text):
            self._fail(f"{column} has to be {expected}, not “{text[:40]}”.")
        return Decimal(text)

    def _date(self) -> datetime:
        text = self._required("InvoiceDate")
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            self._fail(
                f"InvoiceDate has to be a time such as 2010-12-01 08:26:00, not “{text[:40]}”."
            )

    def _fail(self, reason: str) -> NoReturn:
        raise DayError(self.path, self.number, reason)
