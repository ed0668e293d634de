"""A day file is read line by line, or rejected as a whole with the number of the invalid line."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.replay import DayError, read_day
from cli.replay.day import InvoiceLine
from tests.replay.builders import HEADER, a_day, a_file, a_line

GOOD = f"{HEADER}\n{a_line()}\n".encode()


def test_all_fields_of_a_line_are_read(tmp_path: Path) -> None:
    [line] = a_day(tmp_path, a_line("536365", "85123A", text=" WHITE  HEART ", price=2.5)).lines

    assert (line.number, line.invoice, line.code) == (2, "536365", "85123A")
    assert (line.description, line.quantity, line.price) == ("WHITE HEART", 2, Decimal("2.5"))
    assert (line.country, line.at.isoformat()) == ("United Kingdom", "2010-12-01T08:26:00")
    assert (line.unit_price, line.value, line.sku) == (250, 500, "85123A.250")


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("not-a-negative-quantity", a_line("C536379", quantity=1)),
        ("not-a-product", a_line("C536379", "D", quantity=-1)),
        ("adjustment", a_line("A563186", "B", price="-11062.06", quantity=1)),
        ("not-a-product", a_line(code="POST", price=18)),
        ("not-a-product", a_line(code="DOT", price=569.77)),
        ("not-a-product", a_line(code="C2", price=50)),
        ("not-a-product", a_line(code="CRUK", price=50, quantity=-1)),
        ("not-a-product", a_line(code="BANK CHARGES", price=15)),
        ("not-a-product", a_line(code="AMAZONFEE", price=13541.33, quantity=-1)),
        ("not-a-product", a_line(code="M")),
        ("not-a-product", a_line(code="m")),
        ("not-a-product", a_line(code="S", quantity=-1)),
        ("free", a_line(price="0.0")),
        ("free", a_line(price="0.0", quantity=-10)),
        ("negative-price", a_line(price=-1)),
        ("not-a-positive-quantity", a_line(quantity=-9360)),
        ("not-a-positive-quantity", a_line(quantity=0)),
        ("fraction-of-a-penny", a_line(code="PADS", price=0.001)),
        (None, a_line(quantity=80995, price=2.08)),
        (None, a_line(code="gift_0001_20", price=16.67)),
        (None, a_line(code="DCGS0003")),
        (None, a_line(code="DCGSSBOY")),
        (None, a_line(code="84029g")),
        (None, a_line(text="")),
        (None, a_line(price="2.550")),
    ],
)
def test_a_line_that_cannot_be_sold_is_refused_with_a_reason(
    tmp_path: Path, reason: str | None, line: str
) -> None:
    day = a_day(tmp_path, line)

    assert [line.refusal_reason for line in day.lines] == [reason]
    assert len(day.invoices[0].basket_lines) == (reason is None)


@pytest.mark.parametrize(
    ("price", "quantity", "pennies"),
    [
        ("2.55", 6, 1530),
        ("0.001", 5000, 500),
        ("0.001", 1, 0),
        ("0.005", 1, 0),
        ("0.015", 1, 2),
        ("0.025", -1, -2),
        ("-11062.06", 1, -1106206),
        ("2.08", 80995, 16846960),
        ("2.5500000000000003", 1, 255),
    ],
)
def test_money_is_exact_and_half_pennies_round_to_even(
    tmp_path: Path, price: str, quantity: int, pennies: int
) -> None:
    day = a_day(tmp_path, a_line(price=price, quantity=quantity))

    assert day.value == pennies


@given(price=st.decimals("-99999", "99999", places=2), quantity=st.integers(-999_999, 999_999))
def test_whole_pennies_are_never_rounded(price: Decimal, quantity: int) -> None:
    line = InvoiceLine(2, "1", "LAMP1", "", quantity, price, datetime(2010, 12, 1, tzinfo=UTC), "")

    assert Decimal(line.value) / 100 == price * quantity


def test_the_lines_of_an_invoice_may_be_apart_in_the_file(tmp_path: Path) -> None:
    later = a_line("1", "CUP").replace("08:26", "08:27")

    day = a_day(tmp_path, a_line("1"), a_line("2"), later)

    assert [(it.number, len(it.lines)) for it in day.invoices] == [("1", 2), ("2", 1)]


def test_lines_with_the_same_code_and_price_become_one_basket_line(tmp_path: Path) -> None:
    lines = a_line(quantity=2), a_line(quantity=3), a_line(price="2.10", quantity=1)

    [invoice] = a_day(tmp_path, *lines).invoices

    assert [(it.sku, it.quantity, it.value) for it in invoice.basket_lines] == [
        ("LAMP1.255", 5, 1275),
        ("LAMP1.210", 1, 210),
    ]


def test_columns_may_have_any_order_and_others_between_them(tmp_path: Path) -> None:
    first, *others = reversed(HEADER.split(","))
    header = ",".join((first, "Till", *others))
    row = 'France,7,12583.0,1.10,2010-12-01 08:45:00,3,"MUG, ""£"" & é",MUG,536370'

    [line] = read_day(a_file(tmp_path, row, header=header)).lines

    assert (line.invoice, line.code, line.country) == ("536370", "MUG", "France")
    assert (line.description, line.value) == ('MUG, "£" & é', 330)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        GOOD.rstrip(),
        GOOD + b"\n\n",
        GOOD.replace(b",2,", b",2.0,"),
    ],
    ids=["byte order mark", "CRLF", "CR", "no last newline", "empty lines", "2.0 items"],
)
def test_common_variants_of_text_files_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(content)

    day = read_day(path)

    assert day.value == 510


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf \n", None, "empty"),
        (HEADER.encode(), None, "no invoice lines"),
        (GOOD.replace(b"StockCode", b"Stock"), 1, "missing in the header: StockCode"),
        (GOOD.replace(b"Country", b"InvoiceNo"), 1, "missing in the header: Country"),
        (GOOD.replace(b",Country", b",Country,Country"), 1, "Country more than once"),
        (GOOD.replace(b",", b";"), 1, "missing in the header"),
        (b"%PDF-1.7\nabc\n", 1, "missing in the header"),
        (GOOD + a_line(quantity="six").encode(), 3, "Quantity has to be a whole number"),
        (GOOD + a_line(quantity="1.5").encode(), 3, "not “1.5”"),
        (GOOD + a_line(quantity="").encode(), 3, "Quantity is empty"),
        (GOOD + a_line(quantity="٣").encode(), 3, "Quantity has to be"),
        (GOOD + a_line(price="NaN").encode(), 3, "UnitPrice has to be a number, not “NaN”"),
        (GOOD + a_line(price="£2").encode(), 3, "UnitPrice"),
        (GOOD + a_line(price="1e400").encode(), 3, "UnitPrice"),
        (GOOD + a_line(invoice="").encode(), 3, "InvoiceNo is empty"),
        (GOOD + a_line(code=" ").encode(), 3, "StockCode is empty"),
        (GOOD + a_line().replace("2010-12-01", "01/12/2010").encode(), 3, "InvoiceDate"),
        (GOOD + a_line().replace("2010-12-01", "2010-12-32").encode(), 3, "InvoiceDate"),
        (GOOD + b"1001,LAMP1\n", 3, "2 fields, but the header has 8"),
        (GOOD + a_line().encode() + b",more\n", 3, "9 fields"),
        (GOOD + a_line(text='"LAMP').encode() + b"\n" + a_line().encode(), 3, "not valid CSV"),
        (GOOD + a_line(text='"LAMP" X').encode(), 3, "not valid CSV"),
        (GOOD + a_line(text='"TWO\nLINES"').encode() + b"\n1,2\n", 5, "2 fields"),
        (GOOD + a_line(text="CAFÉ").encode("latin-1"), 3, "not UTF-8"),
        (GOOD.decode().encode("utf-16"), 1, "not UTF-8"),
        (GOOD.decode().encode("utf-16-le"), 1, "zero byte"),
        (GOOD + b"\0\0", 3, "zero byte"),
        (GOOD + a_line(text="X" * 200_000).encode(), 3, "not valid CSV"),
    ],
)
def test_an_invalid_file_is_rejected_with_the_number_of_the_line(
    tmp_path: Path, content: bytes, line: int | None, words: str
) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(content)

    with pytest.raises(DayError) as raised:
        read_day(path)

    assert raised.value.line == line
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"day.csv, line {line}: " if line else "day.csv: ")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DayError, match="cannot be read"):
        read_day(tmp_path / "nowhere.csv")


@pytest.mark.data
def test_the_real_days_are_read_completely(retail_days: list[Path]) -> None:
    days = {path.stem: read_day(path) for path in retail_days}

    counts = {name: (len(day.lines), len(day.invoices)) for name, day in days.items()}
    assert counts == {
        "2010-12-01": (3108, 143),
        "2011-03-17": (2074, 88),
        "2011-10-06": (3189, 218),
    }


@pytest.mark.data
def test_the_value_of_a_real_day_is_the_sum_of_its_columns(retail_days: list[Path]) -> None:
    for path in retail_days:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))

        value = read_day(path).value

        total = sum(Decimal(row["UnitPrice"]) * int(row["Quantity"]) for row in rows)
        assert value == total * 100


@pytest.mark.data
def test_the_cancellations_of_the_real_days_are_recognised(retail_days: list[Path]) -> None:
    cancellations = [
        sum(invoice.lines[0].is_cancellation for invoice in read_day(path).invoices)
        for path in sorted(retail_days)
    ]

    assert cancellations == [6, 26, 64]
