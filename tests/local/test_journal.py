"""The journal's files: what survives which end, and which damage is told."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.journal import segments
from local.journal.journal import Journal
from local.journal.segments import Damaged, Files, Record

ROOT = Path(__file__).parents[2]


def opened(folder: Path) -> Journal:
    folder.mkdir(exist_ok=True)
    journal = Journal()
    journal.open(folder)
    return journal


def kept(folder: Path) -> list[Record]:
    return list(Files(folder).records())


def write(journal: Journal, *words: str) -> None:
    for word in words:
        journal.add("say", word)


def checkpoint(journal: Journal, *records: Record) -> Iterator[None]:
    journal.rotate()
    return journal.snapshot(iter(records))


def said(*words: str) -> list[Record]:
    return [[["say", word]] for word in words]


def log_of(folder: Path, number: int = 1) -> Path:
    return segments.path_of(folder, number, segments.LOG)


def test_what_was_added_is_there_after_the_process_is_gone(tmp_path: Path) -> None:
    write(opened(tmp_path), "one", "two\nlines", "ünïcode")

    assert kept(tmp_path) == said("one", "two\nlines", "ünïcode")


class Word(str):
    """As the engine has some that compare in a way of their own."""

    __slots__ = ()


def test_half_a_surrogate_pair_and_a_string_of_its_own_kind_are_kept(tmp_path: Path) -> None:
    write(opened(tmp_path), "half \ud83d", Word("own"), Word("both \ud83d"))

    assert kept(tmp_path) == said("half \ud83d", "own", "both \ud83d")


def test_what_no_record_can_hold_is_no_record() -> None:
    with pytest.raises(TypeError, match="holds a complex"):
        segments.line(["say", 1j], 0)


def test_changes_made_together_are_one_record_written_before_they_show(tmp_path: Path) -> None:
    journal, shown = opened(tmp_path), []

    with journal.together():
        journal.add("take", 1)
        journal.afterwards(lambda: shown.extend(kept(tmp_path)))
        with journal.together():
            journal.add("give", 1)
        assert kept(tmp_path) == shown == []

    assert shown == [[["take", 1], ["give", 1]]]


def test_changes_of_a_call_that_fails_are_kept_as_they_happened(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    def fail() -> None:
        with journal.together():
            write(journal, "done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert kept(tmp_path) == said("done")


def test_a_record_cut_at_any_byte_is_cut_off_and_all_before_it_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole"
    journal = opened(whole)
    write(journal, "one", "two")
    before = log_of(whole).stat().st_size
    write(journal, "the last")

    for size in range(before, log_of(whole).stat().st_size):
        torn = tmp_path / f"cut-{size}"
        shutil.copytree(whole, torn)
        os.truncate(log_of(torn), size)
        segments.check(torn)
        write(opened(torn), "after")

        assert kept(torn) == said("one", "two", "after")
        cut_off = capsys.readouterr().out
        assert cut_off.count("\n") == (1 if size > before else 0)
        assert (f" {size - before} bytes cut off" in cut_off) is (size > before)


def test_a_log_cut_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    write(journal, "one")
    journal.rotate()

    for size in range(log_of(tmp_path, 2).stat().st_size):
        torn = tmp_path / f"cut-{size}"
        torn.mkdir()
        for log in tmp_path.glob("*.log"):
            shutil.copy(log, torn)
        os.truncate(log_of(torn, 2), size)
        write(opened(torn), "after")

        assert kept(torn) == said("one", "after")


def test_a_tail_of_zeros_after_a_power_cut_is_cut_off(tmp_path: Path) -> None:
    write(opened(tmp_path), "one")
    with log_of(tmp_path).open("ab") as log:
        log.write(bytes(5000))

    write(opened(tmp_path), "two")

    assert kept(tmp_path) == said("one", "two")


def test_a_changed_byte_before_the_end_is_damage_and_nothing_is_cut(tmp_path: Path) -> None:
    write(opened(tmp_path), "one", "two", "three")
    content = log_of(tmp_path).read_bytes()

    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x01
        log_of(tmp_path).write_bytes(damaged)

        if place == len(content) - 1:  # the last line's end: as if it had not come that far
            assert kept(tmp_path) == said("one", "two")
            continue
        with pytest.raises(Damaged, match=r"00000001\.log is damaged"):
            opened(tmp_path)
        assert log_of(tmp_path).read_bytes() == damaged


def test_a_record_missing_from_the_middle_is_damage(tmp_path: Path) -> None:
    write(opened(tmp_path), "one", "two", "three")
    lines = log_of(tmp_path).read_bytes().splitlines(keepends=True)
    log_of(tmp_path).write_bytes(b"".join(lines[:2] + lines[3:]))

    with pytest.raises(Damaged, match=r"00000001\.log is damaged at byte \d+"):
        segments.check(tmp_path)


def test_records_missing_between_two_logs_are_damage(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    write(journal, "one", "two")
    journal.rotate()
    write(journal, "three")
    lines = log_of(tmp_path).read_bytes().splitlines(keepends=True)
    log_of(tmp_path).write_bytes(b"".join(lines[:-1]))

    with pytest.raises(Damaged, match="records are missing before it"):
        segments.check(tmp_path)


@pytest.mark.parametrize("gone", ["00000001.log", "00000002.log"])
def test_a_missing_log_is_damage(tmp_path: Path, gone: str) -> None:
    journal = opened(tmp_path)
    journal.rotate()
    journal.rotate()
    (tmp_path / gone).unlink()

    with pytest.raises(Damaged, match="one of its files is missing"):
        segments.check(tmp_path)


def test_a_missing_snapshot_is_damage(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    list(checkpoint(journal))
    segments.path_of(tmp_path, 2, segments.SNAPSHOT).unlink()

    with pytest.raises(Damaged, match="one of its files is missing"):
        segments.check(tmp_path)


def test_a_snapshot_cut_short_is_damage(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    list(checkpoint(journal, *said("one", "two")))
    snapshot = segments.path_of(tmp_path, 2, segments.SNAPSHOT)
    lines = snapshot.read_bytes().splitlines(keepends=True)

    for whole in range(1, len(lines)):
        snapshot.write_bytes(b"".join(lines[:whole]))
        with pytest.raises(Damaged, match=r"00000002\.snapshot is damaged: its end is missing"):
            segments.check(tmp_path)


def test_a_checkpoint_replaces_what_was_before_it(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    write(journal, "old")

    list(checkpoint(journal, *said("all")))
    write(journal, "new")

    assert kept(tmp_path) == said("all", "new")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["00000002.log", "00000002.snapshot"]


def test_a_crash_at_any_step_of_a_checkpoint_loses_nothing(tmp_path: Path) -> None:
    many = said(*[f"{number:060d}" for number in range(3 * segments_per_piece())])
    journal = opened(tmp_path / "live")
    list(checkpoint(journal, *said("first")))
    write(journal, "second")
    crashes = []

    for number, _ in enumerate(crash_points(checkpoint(journal, *said("first", "second"), *many))):
        write(journal, f"during-{number}")
        crashed = tmp_path / f"crashed-{number}"
        shutil.copytree(tmp_path / "live", crashed)
        crashes.append(crashed)

    assert len(crashes) >= 6
    for number, crashed in enumerate(crashes):
        during = said(*(f"during-{earlier}" for earlier in range(number + 1)))
        again = opened(crashed)
        assert kept(crashed) in (
            [*said("first", "second"), *during],
            [*said("first", "second"), *many, *during],
        )
        write(again, "on")
        list(checkpoint(again, *said("first", "second"), *during))
        segments.check(crashed)
        assert not list(crashed.glob("*.half"))
        assert len(list(crashed.iterdir())) == 2


def segments_per_piece() -> int:
    return 64 * 1024 // 60


def crash_points(steps: Iterator[None]) -> Iterator[None]:
    yield  # after the new log is begun, before the snapshot is
    yield from steps
    yield  # after all of it


def test_a_shop_under_load_writes_snapshots_no_oftener_than_its_data_doubles(
    tmp_path: Path,
) -> None:
    journal = opened(tmp_path)
    assert journal.bound == 32 << 20

    list(checkpoint(journal, *said("x" * (40 << 20))))

    assert journal.bound > 40 << 20
    assert journal.size < 100


def test_who_cannot_write_the_journal_stops_before_it_acknowledges(tmp_path: Path) -> None:
    script = (
        "import resource, signal; from pathlib import Path;"
        "from local.journal.journal import Journal;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"journal = Journal(); journal.open(Path({str(tmp_path)!r}));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "[(journal.add('say', n), print(n)) for n in range(50)]"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    *acknowledged, last = ended.stdout.splitlines()
    assert ended.returncode == 1
    assert last == "The journal cannot be written (File too large); the shop stops."
    opened(tmp_path)
    assert kept(tmp_path) == [[["say", int(number)]] for number in acknowledged]
