"""`./souk import`: errors that are reported before the import starts."""

from pathlib import Path

import pytest

from cli.__main__ import run
from cli.importing import ImportFailed, report_path
from cli.importing.command import import_file
from cli.importing.report import open_report
from local.shop import Shop

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("", [], "is empty."),
        ("Artikel;Preis\nA;1\n", [], "Choose a column with --map sku=COLUMN."),
        ("sku,name,price\n", ["--map", "price=Preis"], "The file has no column 'Preis'"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line_of_output(
    tmp_path: Path, capsys: Capture, content: str, arguments: list[str], message: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(content)

    assert run(["import", str(file), *arguments]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ")
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_folder_cannot_be_imported(tmp_path: Path, capsys: Capture) -> None:
    assert run(["import", str(tmp_path)]) == 2
    assert "is a directory" in capsys.readouterr().err


def test_an_import_into_a_deployed_stage_needs_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("sku,name,price\nA,a,1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOUK_TOKEN", raising=False)

    with pytest.raises(ImportFailed, match="Set SOUK_TOKEN to an access token"):
        import_file(file, (), Shop(tmp_path / "state"), "dev")


def test_the_report_is_named_after_the_file_and_is_in_the_current_folder(tmp_path: Path) -> None:
    assert report_path(Path("/data/list.csv"), tmp_path) == tmp_path / "list.errors.jsonl"


def test_a_report_that_cannot_be_written_is_an_error_before_the_import_starts(
    tmp_path: Path,
) -> None:
    (tmp_path / "list.errors.jsonl").mkdir()  # even root cannot write to it

    with (
        pytest.raises(ImportFailed, match="run the command in a folder that you can write to"),
        open_report(tmp_path / "list.errors.jsonl"),
    ):
        pass
