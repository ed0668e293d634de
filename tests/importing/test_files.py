"""Any file people have is read, record by record, or refused with what to do about it."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.importing.columns import columns
from cli.importing.faults import Faulty, ImportRefused
from cli.importing.lines import LONGEST
from cli.importing.records import Record, table


def a_file(folder: Path, content: str | bytes, name: str) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def read(folder: Path, content: str | bytes, name: str = "list.csv") -> list[Record]:
    with table(a_file(folder, content, name)).records() as (_, records):
        return list(records)


def cells(records: list[Record]) -> list[Any]:
    return [
        str(record.cells) if isinstance(record.cells, Faulty) else dict(record.cells)
        for record in records
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_tells_its_delimiter_by_its_header(tmp_path: Path, delimiter: str) -> None:
    text = "sku,name\nA, Thing \n".replace(",", delimiter)

    assert cells(read(tmp_path, text)) == [{"sku": "A", "name": "Thing"}]


def test_a_cell_may_hold_line_breaks_quotes_and_delimiters(tmp_path: Path) -> None:
    records = read(tmp_path, 'sku,name\nA,"two\nlines, 12"" wide"\nB,b\n')

    assert cells(records)[0]["name"] == 'two\nlines, 12" wide'
    assert [record.line for record in records] == [2, 4]
    assert records[0].raw == 'A,"two\nlines, 12"" wide"'


def test_empty_lines_are_no_records(tmp_path: Path) -> None:
    assert len(read(tmp_path, "\n\nsku,name\n\nA,a\r\n,\n\nB,b\n\n")) == 2
    assert len(read(tmp_path, '\n{"sku": "A"}\n  \n{"sku": "B"}\n', "list.jsonl")) == 2


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"\xef\xbb\xbfsku,name\nA,\xc3\xa4\n")) == [
        {"sku": "A", "name": "ä"}
    ]
    assert cells(read(tmp_path, b'\xef\xbb\xbf{"sku": "A"}\n', "x.json")) == [{"sku": "A"}]


def test_what_is_not_utf8_fails_alone(tmp_path: Path) -> None:
    records = read(tmp_path, b"sku,name\nA,caf\xe9\nB,b\n")

    assert cells(records) == [
        "is not UTF-8 text; save the file as UTF-8",
        {"sku": "B", "name": "b"},
    ]


def test_a_line_of_ten_megabytes_fails_alone_and_is_not_kept(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    for name, content in (
        ("list.csv", f"sku,name\nA,{long}\nB,b\n"),
        ("list.jsonl", f'{{"sku": "A", "name": "{long}"}}\n{{"sku": "B", "name": "b"}}\n'),
    ):
        records = read(tmp_path, content, name)

        assert cells(records) == [
            f"is longer than {LONGEST:,} bytes",
            {"sku": "B", "name": "b"},
        ]
        assert len(records[0].raw) <= 1000


def test_an_unclosed_quote_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "".join(f"S{number},thing\n" for number in range(100_000))

    records = read(tmp_path, f'sku,name\nA,"open\n{rows}')

    assert "look at its quotation marks" in str(records[0].cells)
    assert len(records) > 80_000


def test_a_row_with_more_or_fewer_cells_than_the_header_fails(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "sku,name\nA\nB,b,c\n")) == [
        "has 1 cells, and the header has 2",
        "has 3 cells, and the header has 2",
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1]", "is no JSON object"),
        ("{", "is no JSON object"),
        ("nonsense", "is no JSON object"),
        ('{"sku": NaN}', "is no JSON object"),
        ('{"a":' * 100_000, "is nested too deeply"),
    ],
)
def test_a_line_that_is_no_object_fails_alone(tmp_path: Path, line: str, why: str) -> None:
    records = read(tmp_path, f'{line}\n{{"sku": "B"}}\n', "list.jsonl")

    assert str(records[0].cells).startswith(why)
    assert cells(records)[1] == {"sku": "B"}


def test_a_decimal_stays_as_it_is_written(tmp_path: Path) -> None:
    records = read(tmp_path, '{"price": 12.10, "big": 0.1000000000000000055}\n', "list.jsonl")

    assert cells(records) == [{"price": "12.10", "big": "0.1000000000000000055"}]


def test_the_content_tells_the_format_where_the_name_does_not(tmp_path: Path) -> None:
    assert table(a_file(tmp_path, '{"sku": "A"}\n', "list.txt")).delimiter is None
    assert table(a_file(tmp_path, "sku;name\n", "list.txt")).delimiter == ";"


def test_a_column_that_only_a_later_line_has_is_known(tmp_path: Path) -> None:
    file = a_file(tmp_path, '{"sku": "A"}\n' * 300 + '{"weight": 3}\n', "list.jsonl")

    assert table(file).columns == ("sku", "weight")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("", "list.csv", "is empty"),
        ("\n \n", "list.jsonl", "is empty"),
        (b"\xff\xfes\x00", "list.csv", "is UTF-16"),
        ("[\n", "list.json", "is one JSON array"),
        ("nonsense\n[1]\n", "list.jsonl", "holds no JSON object"),
        ("sku,sku\n", "list.csv", "two columns called 'sku'"),
        ('"sku,name\n', "list.csv", "is no header"),
        ("x" * 2_000_000, "list.csv", "is no header"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, content: str | bytes, name: str, words: str
) -> None:
    file = a_file(tmp_path, content, name)

    with pytest.raises(ImportRefused, match=words):
        table(file)


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    line = "{number},{text}\n" if name.endswith("csv") else '{{"sku": "{number}", "d": "{text}"}}\n'

    def peak(count: int) -> int:
        file = tmp_path / name
        with file.open("w") as written:
            written.write("sku,d\n" if name.endswith("csv") else "")
            written.writelines(line.format(number=i, text="t" * 500) for i in range(count))
        tracemalloc.start()
        with table(file).records() as (_, records):
            assert sum(1 for _ in records) == count
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(20_000) < peak(200) + 200_000


# --- which column is what ----------------------------------------------------------------------


def test_columns_are_guessed_by_their_names() -> None:
    assert columns(["StockCode", "Description", "Unit Price", "Quantity"], []) == {
        "sku": "StockCode",
        "name": "Description",
        "price": "Unit Price",
        "stock": "Quantity",
    }
    assert columns(["id", "title", "description", "price", "Weight (kg)", "SKU"], []) == {
        "sku": "SKU",
        "name": "title",
        "description": "description",
        "price": "price",
        "weight_kg": "Weight (kg)",
    }


def test_what_is_told_goes_before_what_is_guessed() -> None:
    found = ["sku", "name", "price", "Preis", "image"]

    told = columns(found, ["price=Preis", "image="])

    assert told == {"sku": "sku", "name": "name", "price": "Preis"}


def test_a_header_that_maps_nothing_says_what_was_found_and_how_to_go_on() -> None:
    with pytest.raises(ImportRefused) as refusal:
        columns(["Artikel", "Preis"], [])

    assert str(refusal.value) == (
        "No column was taken for sku and name and price: the file has 'Artikel', 'Preis';"
        " name the right one with --map sku=COLUMN."
    )


@pytest.mark.parametrize(
    ("wish", "words"),
    [("price", "is not understood"), ("size=x", "is not understood"), ("sku=x", "no column 'x'")],
)
def test_a_wish_that_cannot_be_granted_is_refused(wish: str, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        columns(["sku", "name", "price"], [wish])
