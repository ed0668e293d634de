"""Common CSV and JSON lines files are read record by record; others fail with a remedy."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.importing.columns import map_columns
from cli.importing.errors import ImportFailed, InvalidRecord
from cli.importing.lines import MAX_RAW_BYTES, MAX_RECORD_BYTES
from cli.importing.records import Record, inspect_file


def write_file(folder: Path, content: str | bytes, name: str) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def read(folder: Path, content: str | bytes, name: str = "list.csv") -> list[Record]:
    with inspect_file(write_file(folder, content, name)).records() as (_, records):
        return list(records)


def cells(records: list[Record]) -> list[Any]:
    return [
        str(record.cells) if isinstance(record.cells, InvalidRecord) else dict(record.cells)
        for record in records
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognized_by_the_header(tmp_path: Path, delimiter: str) -> None:
    text = "sku,name\nA, Thing \n".replace(",", delimiter)

    assert cells(read(tmp_path, text)) == [{"sku": "A", "name": "Thing"}]


def test_a_cell_may_hold_line_breaks_quotes_and_delimiters(tmp_path: Path) -> None:
    records = read(tmp_path, 'sku,name\nA,"two\nlines, 12"" wide"\nB,b\n')

    assert cells(records)[0]["name"] == 'two\nlines, 12" wide'
    assert [record.line for record in records] == [2, 4]
    assert records[0].raw == 'A,"two\nlines, 12"" wide"'


def test_blank_lines_are_skipped(tmp_path: Path) -> None:
    assert len(read(tmp_path, "\n\nsku,name\n\nA,a\r\n,\n\nB,b\n\n")) == 2
    assert len(read(tmp_path, '\n{"sku": "A"}\n  \n{"sku": "B"}\n', "list.jsonl")) == 2


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"\xef\xbb\xbfsku,name\nA,\xc3\xa4\n")) == [
        {"sku": "A", "name": "ä"}
    ]
    assert cells(read(tmp_path, b'\xef\xbb\xbf{"sku": "A"}\n', "x.json")) == [{"sku": "A"}]


def test_a_record_that_is_not_utf8_fails_alone(tmp_path: Path) -> None:
    records = read(tmp_path, b"sku,name\nA,caf\xe9\nB,b\n")

    assert cells(records) == [
        "is not UTF-8 text; save the file as UTF-8",
        {"sku": "B", "name": "b"},
    ]


def test_a_line_of_ten_megabytes_fails_alone_and_is_shortened_in_the_report(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    for name, content in (
        ("list.csv", f"sku,name\nA,{long}\nB,b\n"),
        ("list.jsonl", f'{{"sku": "A", "name": "{long}"}}\n{{"sku": "B", "name": "b"}}\n'),
    ):
        records = read(tmp_path, content, name)

        assert cells(records) == [
            f"is longer than {MAX_RECORD_BYTES:,} bytes",
            {"sku": "B", "name": "b"},
        ]
        assert len(records[0].raw) <= MAX_RAW_BYTES == 1000


def test_an_unclosed_quote_does_not_consume_the_file(tmp_path: Path) -> None:
    rows = "".join(f"S{number},thing\n" for number in range(100_000))

    records = read(tmp_path, f'sku,name\nA,"open\n{rows}')

    assert "check the quotation marks" in str(records[0].cells)
    assert len(records) > 80_000


def test_a_row_with_another_number_of_cells_than_the_header_fails(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "sku,name\nA\nB,b,c\n")) == [
        "has 1 cells, but the header has 2",
        "has 3 cells, but the header has 2",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1]", "is not a JSON object"),
        ("{", "is not a JSON object"),
        ("nonsense", "is not a JSON object"),
        ('{"sku": NaN}', "is not a JSON object"),
        ('{"a":' * 100_000, "is nested too deeply"),
    ],
)
def test_a_line_that_is_not_a_json_object_fails_alone(
    tmp_path: Path, line: str, problem: str
) -> None:
    records = read(tmp_path, f'{line}\n{{"sku": "B"}}\n', "list.jsonl")

    assert str(records[0].cells).startswith(problem)
    assert cells(records)[1] == {"sku": "B"}


def test_a_decimal_keeps_all_its_digits(tmp_path: Path) -> None:
    records = read(tmp_path, '{"price": 12.10, "big": 0.1000000000000000055}\n', "list.jsonl")

    assert cells(records) == [{"price": "12.10", "big": "0.1000000000000000055"}]


def test_the_format_is_recognized_by_the_content_if_the_suffix_is_another(tmp_path: Path) -> None:
    assert inspect_file(write_file(tmp_path, '{"sku": "A"}\n', "list.txt")).delimiter is None
    assert inspect_file(write_file(tmp_path, "sku;name\n", "list.txt")).delimiter == ";"


def test_a_column_that_only_a_later_line_has_is_found(tmp_path: Path) -> None:
    file = write_file(tmp_path, '{"sku": "A"}\n' * 300 + '{"weight": 3}\n', "list.jsonl")

    assert inspect_file(file).columns == ("sku", "weight")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "list.csv", "is empty"),
        ("\n \n", "list.jsonl", "is empty"),
        (b"\xff\xfes\x00", "list.csv", "is UTF-16"),
        ("[\n", "list.json", "is a JSON array"),
        ("nonsense\n[1]\n", "list.jsonl", "has no line that is a JSON object"),
        ("sku,sku\n", "list.csv", "two columns named 'sku'"),
        ('"sku,name\n', "list.csv", "is not a valid header"),
        ("x" * 2_000_000, "list.csv", "is not a valid header"),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_a_remedy(
    tmp_path: Path, content: str | bytes, name: str, message: str
) -> None:
    file = write_file(tmp_path, content, name)

    with pytest.raises(ImportFailed, match=message):
        inspect_file(file)


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    line = "{number},{text}\n" if name.endswith("csv") else '{{"sku": "{number}", "d": "{text}"}}\n'

    def peak(count: int) -> int:
        file = tmp_path / name
        with file.open("w") as output:
            output.write("sku,d\n" if name.endswith("csv") else "")
            output.writelines(line.format(number=i, text="t" * 500) for i in range(count))
        tracemalloc.start()
        with inspect_file(file).records() as (_, records):
            assert sum(1 for _ in records) == count
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(20_000) < peak(200) + 200_000


# --- column mapping ---------------------------------------------------------------------------


def test_columns_are_recognized_by_their_names() -> None:
    assert map_columns(["StockCode", "Description", "Unit Price", "Quantity"], []) == {
        "sku": "StockCode",
        "name": "Description",
        "price": "Unit Price",
        "stock": "Quantity",
    }
    assert map_columns(["id", "title", "description", "price", "Weight (kg)", "SKU"], []) == {
        "sku": "SKU",
        "name": "title",
        "description": "description",
        "price": "price",
        "weight_kg": "Weight (kg)",
    }


def test_a_given_mapping_has_precedence_over_recognized_names() -> None:
    columns = ["sku", "name", "price", "Preis", "image"]

    mapped = map_columns(columns, ["price=Preis", "image="])

    assert mapped == {"sku": "sku", "name": "name", "price": "Preis"}


def test_a_header_without_recognized_columns_fails_with_a_remedy() -> None:
    with pytest.raises(ImportFailed) as failed:
        map_columns(["Artikel", "Preis"], [])

    assert str(failed.value) == (
        "No column found for sku, name, price; the columns are 'Artikel', 'Preis'."
        " Choose a column with --map sku=COLUMN."
    )


@pytest.mark.parametrize(
    ("mapping", "message"),
    [("price", "Invalid --map"), ("size=x", "Invalid --map"), ("sku=x", "no column 'x'")],
)
def test_an_invalid_mapping_fails(mapping: str, message: str) -> None:
    with pytest.raises(ImportFailed, match=message):
        map_columns(["sku", "name", "price"], [mapping])
