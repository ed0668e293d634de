"""`./souk import` as a person meets it, before a shop is needed at all."""

from pathlib import Path

import pytest

from cli.__main__ import run
from cli.importing import ImportRefused, place
from cli.importing.command import import_file
from cli.importing.report import opened
from local.shop import Shop

Said = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("", [], "is empty: there is nothing to import."),
        ("Artikel;Preis\nA;1\n", [], "name the right one with --map sku=COLUMN."),
        ("sku,name,price\n", ["--map", "price=Preis"], "There is no column 'Preis' in the file"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_sentence(
    tmp_path: Path, capsys: Said, content: str, arguments: list[str], words: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(content)

    assert run(["import", str(file), *arguments]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Error: ")
    assert words in said.err
    assert len(said.err.splitlines()) == 1


def test_a_folder_is_no_file(tmp_path: Path, capsys: Said) -> None:
    assert run(["import", str(tmp_path)]) == 2
    assert "is a directory" in capsys.readouterr().err


def test_a_deployed_shop_asks_for_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "list.csv"
    file.write_text("sku,name,price\nA,a,1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOUK_TOKEN", raising=False)

    with pytest.raises(ImportRefused, match="Set SOUK_TOKEN to an access token"):
        import_file(file, (), Shop(tmp_path / "state"), "dev")


def test_the_report_is_named_for_its_file_and_stands_where_one_is(tmp_path: Path) -> None:
    assert place(Path("/data/list.csv"), tmp_path) == tmp_path / "list.errors.jsonl"


def test_a_place_where_no_report_can_be_is_said_before_anything_is_imported(
    tmp_path: Path,
) -> None:
    (tmp_path / "list.errors.jsonl").mkdir()  # even root cannot write over it

    with (
        pytest.raises(ImportRefused, match="run the command in a folder of your own"),
        opened(tmp_path / "list.errors.jsonl"),
    ):
        pass
