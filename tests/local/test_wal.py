"""The write-ahead log's files: what survives a crash, and which damage is reported."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.wal import segments
from local.wal.log import SNAPSHOT_CHUNK_BYTES, WriteAheadLog
from local.wal.segments import DamagedLog, LogFiles, Record

ROOT = Path(__file__).parents[2]


def open_log(folder: Path) -> WriteAheadLog:
    folder.mkdir(exist_ok=True)
    wal = WriteAheadLog()
    wal.open(folder)
    return wal


def read(folder: Path) -> list[Record]:
    return list(LogFiles(folder).records())


def append(wal: WriteAheadLog, *texts: str) -> None:
    for text in texts:
        wal.append("text", text)


def checkpoint(wal: WriteAheadLog, *records: Record) -> Iterator[None]:
    wal.rotate()
    return wal.snapshot(iter(records))


def records(*texts: str) -> list[Record]:
    """The records that `append` writes."""
    return [[["text", text]] for text in texts]


def segment(folder: Path, number: int = 1) -> Path:
    return segments.file_path(folder, number, segments.SEGMENT_SUFFIX)


def test_appended_changes_are_on_disk_when_the_process_is_gone(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one", "two\nlines", "ünïcode")

    assert read(tmp_path) == records("one", "two\nlines", "ünïcode")


class StrSubclass(str):
    """The engine has such classes, with their own comparison."""

    __slots__ = ()


def test_lone_surrogates_and_subclasses_of_str_are_recorded(tmp_path: Path) -> None:
    append(open_log(tmp_path), "half \ud83d", StrSubclass("own"), StrSubclass("both \ud83d"))

    assert read(tmp_path) == records("half \ud83d", "own", "both \ud83d")


def test_a_value_that_json_cannot_represent_is_rejected() -> None:
    with pytest.raises(TypeError, match="contain a complex"):
        segments.encode_record(["text", 1j], 0)


def test_an_atomic_change_is_one_record_written_before_its_callbacks_run(tmp_path: Path) -> None:
    wal, seen_by_callback = open_log(tmp_path), []

    with wal.atomic():
        wal.append("withdraw", 1)
        wal.on_commit(lambda: seen_by_callback.extend(read(tmp_path)))
        with wal.atomic():
            wal.append("deposit", 1)
        assert read(tmp_path) == seen_by_callback == []

    assert seen_by_callback == [[["withdraw", 1], ["deposit", 1]]]


def test_changes_before_an_exception_are_recorded(tmp_path: Path) -> None:
    wal = open_log(tmp_path)

    def fail() -> None:
        with wal.atomic():
            append(wal, "done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert read(tmp_path) == records("done")


def test_a_write_torn_at_any_byte_is_cut_off_and_earlier_records_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complete = tmp_path / "complete"
    wal = open_log(complete)
    append(wal, "one", "two")
    before = segment(complete).stat().st_size
    append(wal, "the last")

    for size in range(before, segment(complete).stat().st_size):
        torn = tmp_path / f"cut-{size}"
        shutil.copytree(complete, torn)
        os.truncate(segment(torn), size)
        segments.verify(torn)
        append(open_log(torn), "after")

        assert read(torn) == records("one", "two", "after")
        output = capsys.readouterr().out
        assert output.count("\n") == (1 if size > before else 0)
        assert (f" {size - before} bytes cut off" in output) is (size > before)


def test_a_segment_torn_in_its_header_is_started_again(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    append(wal, "one")
    wal.rotate()

    for size in range(segment(tmp_path, 2).stat().st_size):
        torn = tmp_path / f"cut-{size}"
        torn.mkdir()
        for file in tmp_path.glob("*.log"):
            shutil.copy(file, torn)
        os.truncate(segment(torn, 2), size)
        append(open_log(torn), "after")

        assert read(torn) == records("one", "after")


def test_zeros_at_the_end_after_a_power_failure_are_cut_off(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one")
    with segment(tmp_path).open("ab") as file:
        file.write(bytes(5000))

    append(open_log(tmp_path), "two")

    assert read(tmp_path) == records("one", "two")


def test_a_changed_byte_before_the_end_is_damage_and_nothing_is_cut_off(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one", "two", "three")
    content = segment(tmp_path).read_bytes()

    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x01
        segment(tmp_path).write_bytes(damaged)

        if position == len(content) - 1:  # the last newline: indistinguishable from a torn write
            assert read(tmp_path) == records("one", "two")
            continue
        with pytest.raises(DamagedLog, match=r"00000001\.log is damaged"):
            open_log(tmp_path)
        assert segment(tmp_path).read_bytes() == damaged


def test_a_record_missing_in_the_middle_is_damage(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one", "two", "three")
    lines = segment(tmp_path).read_bytes().splitlines(keepends=True)
    segment(tmp_path).write_bytes(b"".join(lines[:2] + lines[3:]))

    with pytest.raises(DamagedLog, match=r"00000001\.log is damaged at byte \d+"):
        segments.verify(tmp_path)


def test_records_missing_between_two_segments_are_damage(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    append(wal, "one", "two")
    wal.rotate()
    append(wal, "three")
    lines = segment(tmp_path).read_bytes().splitlines(keepends=True)
    segment(tmp_path).write_bytes(b"".join(lines[:-1]))

    with pytest.raises(DamagedLog, match="records are missing before it"):
        segments.verify(tmp_path)


@pytest.mark.parametrize("missing", ["00000001.log", "00000002.log"])
def test_a_missing_segment_is_damage(tmp_path: Path, missing: str) -> None:
    wal = open_log(tmp_path)
    wal.rotate()
    wal.rotate()
    (tmp_path / missing).unlink()

    with pytest.raises(DamagedLog, match="one of its files is missing"):
        segments.verify(tmp_path)


def test_a_missing_snapshot_is_damage(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    list(checkpoint(wal))
    segments.file_path(tmp_path, 2, segments.SNAPSHOT_SUFFIX).unlink()

    with pytest.raises(DamagedLog, match="one of its files is missing"):
        segments.verify(tmp_path)


def test_a_truncated_snapshot_is_damage(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    list(checkpoint(wal, *records("one", "two")))
    snapshot = segments.file_path(tmp_path, 2, segments.SNAPSHOT_SUFFIX)
    lines = snapshot.read_bytes().splitlines(keepends=True)

    for number in range(1, len(lines)):
        snapshot.write_bytes(b"".join(lines[:number]))
        with pytest.raises(DamagedLog, match=r"00000002\.snapshot is damaged: its end is missing"):
            segments.verify(tmp_path)


def test_a_checkpoint_replaces_everything_before_it(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    append(wal, "old")

    list(checkpoint(wal, *records("all")))
    append(wal, "new")

    assert read(tmp_path) == records("all", "new")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["00000002.log", "00000002.snapshot"]


def test_a_crash_at_any_step_of_a_checkpoint_loses_nothing(tmp_path: Path) -> None:
    many = records(*[f"{number:060d}" for number in range(3 * records_per_chunk())])
    wal = open_log(tmp_path / "live")
    list(checkpoint(wal, *records("first")))
    append(wal, "second")
    crashes = []

    for number, _ in enumerate(crash_points(checkpoint(wal, *records("first", "second"), *many))):
        append(wal, f"during-{number}")
        crashed = tmp_path / f"crashed-{number}"
        shutil.copytree(tmp_path / "live", crashed)
        crashes.append(crashed)

    assert len(crashes) >= 6
    for number, crashed in enumerate(crashes):
        during = records(*(f"during-{earlier}" for earlier in range(number + 1)))
        restarted = open_log(crashed)
        assert read(crashed) in (
            [*records("first", "second"), *during],
            [*records("first", "second"), *many, *during],
        )
        append(restarted, "on")
        list(checkpoint(restarted, *records("first", "second"), *during))
        segments.verify(crashed)
        assert not list(crashed.glob("*.partial"))
        assert len(list(crashed.iterdir())) == 2


def records_per_chunk() -> int:
    """Upper bound for records of 60 characters."""
    return SNAPSHOT_CHUNK_BYTES // 60


def crash_points(steps: Iterator[None]) -> Iterator[None]:
    yield  # after the rotation, before the snapshot is started
    yield from steps
    yield  # after the checkpoint


def test_snapshots_are_written_at_most_as_often_as_the_data_doubles(tmp_path: Path) -> None:
    wal = open_log(tmp_path)
    assert wal.snapshot_threshold_bytes == 32 << 20

    list(checkpoint(wal, *records("x" * (40 << 20))))

    assert wal.snapshot_threshold_bytes > 40 << 20
    assert wal.bytes_since_snapshot < 100


def test_a_process_that_cannot_write_the_log_stops_before_it_acknowledges(tmp_path: Path) -> None:
    script = (
        "import resource, signal; from pathlib import Path;"
        "from local.wal.log import WriteAheadLog;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"wal = WriteAheadLog(); wal.open(Path({str(tmp_path)!r}));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "[(wal.append('text', n), print(n)) for n in range(50)]"
    )

    completed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    *acknowledged, last_line = completed.stdout.splitlines()
    assert completed.returncode == 1
    assert last_line == "The write-ahead log cannot be written (File too large); the shop stops."
    open_log(tmp_path)
    assert read(tmp_path) == [[["text", int(number)]] for number in acknowledged]
