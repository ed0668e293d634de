"""The commands as a person or a script meets them; shop, template and replay are stand-ins."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "stand_ins"

Souk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "cli").mkdir()
    for module in (ROOT / "cli").glob("*.py"):
        shutil.copy(module, project / "cli")
    return shutil.copytree(STAND_INS, project, dirs_exist_ok=True)


@pytest.fixture
def souk(project: Path, tmp_path: Path) -> Souk:
    """Runs ./souk with these arguments, in a folder of its own, where the state is too."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=environment(project, tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "cli", *arguments]


def environment(project: Path, folder: Path) -> dict[str, str]:
    ours = {"PYTHONPATH": str(project), "SOUK_STATE": str(folder / "state")}
    return {**os.environ, **ours, "COLUMNS": "100"}


def diary(folder: Path) -> list[str]:
    return (folder / "state" / "diary").read_text().splitlines()


# --- up, down, status -------------------------------------------------------------------------


def test_a_detached_shop_stays_open_and_says_where_everything_is(
    souk: Souk, tmp_path: Path
) -> None:
    opened = souk("up", "--detach", "--port", "8123")

    assert opened.returncode == 0
    assert opened.stdout == ""
    assert "Shop           http://127.0.0.1:8123/\n" in opened.stderr
    assert "API reference  http://127.0.0.1:8123/api/docs/\n" in opened.stderr
    here = f"--state {tmp_path / 'state'}\n"  # no hint leads to another shop
    assert f"To stop        ./souk down {here}" in opened.stderr
    assert "AWS::Events::Archive" in opened.stderr
    assert "Demo catalogue listed by token-of-sam-at-8123" in opened.stderr
    assert diary(tmp_path) == ["start fresh=False assembly openapi.json", "people"]


def test_a_shop_without_demo_products_still_has_its_demo_people(souk: Souk, tmp_path: Path) -> None:
    opened = souk("up", "--detach", "--no-demo", "--fresh")

    assert "Demo catalogue" not in opened.stderr
    assert diary(tmp_path) == ["start fresh=True assembly openapi.json", "people"]


@pytest.mark.parametrize(
    ("wish", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_whatever_ends_up_closes_the_shop(
    project: Path, tmp_path: Path, wish: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        command("up"),
        env=environment(project, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr
        said = "".join(iter(up.stderr.readline, "To stop        Ctrl-C\n"))
        up.send_signal(wish)
        said += up.stderr.read()

    assert up.returncode == code
    assert "Stopping the shop" in said
    assert "Traceback" not in said
    assert diary(tmp_path)[-1] == "stop"


def test_only_a_command_that_stays_can_watch(souk: Souk, tmp_path: Path) -> None:
    asked = souk("up", "--watch", "--detach")

    assert asked.returncode == 2
    assert "leave out --detach" in asked.stderr
    assert not (tmp_path / "state").exists()


def test_up_notices_when_the_shop_stops_without_it(
    project: Path, souk: Souk, tmp_path: Path
) -> None:
    with subprocess.Popen(
        command("up"), env=environment(project, tmp_path), stderr=subprocess.PIPE, text=True
    ) as up:
        assert up.stderr
        "".join(iter(up.stderr.readline, "To stop        Ctrl-C\n"))
        souk("down")
        said = up.stderr.read()

    assert up.returncode == 1
    assert "The shop has stopped" in said


def test_a_shop_that_could_not_be_stocked_is_closed_again(souk: Souk, tmp_path: Path) -> None:
    opened = souk("up", "--detach", "--port", "83")

    assert opened.returncode == 1
    assert opened.stderr.endswith("Error: The demo products could not be listed.\n")
    assert diary(tmp_path)[-1] == "stop"


def test_a_busy_port_is_told_in_one_sentence(souk: Souk) -> None:
    opened = souk("up", "--port", "81")

    assert opened.returncode == 1
    assert opened.stderr.splitlines()[1:] == [
        "Error: Port 81 is in use; choose another with --port."
    ]


def test_down_says_if_there_was_anything_to_stop(souk: Souk) -> None:
    souk("up", "--detach")

    first, second = souk("down"), souk("down")

    assert (first.returncode, first.stderr) == (0, "The shop is stopped.\n")
    assert (second.returncode, second.stderr) == (0, "The shop was not running.\n")


def test_status_tells_a_script_by_its_exit_code(souk: Souk) -> None:
    closed = souk("status", "--json")
    souk("up", "--detach")
    opened = souk("status", "--json")

    assert (closed.returncode, json.loads(closed.stdout)["ready"]) == (1, False)
    assert (opened.returncode, json.loads(opened.stdout)["ready"]) == (0, True)
    assert (closed.stderr, opened.stderr) == ("", "")


def test_status_tells_a_person_what_waits(souk: Souk) -> None:
    souk("up", "--detach")

    told = souk("status").stdout.splitlines()

    assert told[-2:] == ["queue   waiting  in flight  dead", "orders        3          1     0"]


def test_the_state_may_be_named_before_or_after_the_command(souk: Souk, tmp_path: Path) -> None:
    souk("--state", "one", "up", "--detach", "--port", "8001")
    souk("up", "--detach", "--port", "8002", "--state", "two")

    one, two = souk("status", "--json", "--state", "one"), souk("--state", "two", "status")
    later_wins = souk("--state", "one", "token", "--as", "ada", "--state", "two")

    assert json.loads(one.stdout)["urls"]["storefront"] == "http://127.0.0.1:8001/"
    assert "http://127.0.0.1:8002/" in two.stdout
    assert later_wins.stdout == "token-of-ada-at-8002\n"
    assert not (tmp_path / "state").exists()


# --- replay -----------------------------------------------------------------------------------


def a_day(folder: Path, name: str = "day.csv") -> str:
    (folder / name).touch()
    return str(folder / name)


def test_replay_opens_a_closed_shop_and_closes_it_again(souk: Souk, tmp_path: Path) -> None:
    played = souk("replay", a_day(tmp_path))

    assert played.returncode == 0
    assert played.stdout == "Books of 8 customers No promise is broken.\n"
    assert "it is started for this command" in played.stderr
    assert diary(tmp_path) == ["start fresh=False assembly openapi.json", "people", "stop"]


def test_replay_leaves_an_open_shop_open(souk: Souk, tmp_path: Path) -> None:
    souk("up", "--detach")

    souk("replay", a_day(tmp_path))

    assert "stop" not in diary(tmp_path)


def test_replay_for_a_script_prints_one_object_and_nothing_else(souk: Souk, tmp_path: Path) -> None:
    played = souk("replay", "--json", "--concurrency", "3", a_day(tmp_path))

    assert json.loads(played.stdout) == {
        "balanced": True,
        "customers": 3,
        "audit": {"violations": []},
    }
    assert "Playing: 50 %" in played.stderr


def test_books_that_do_not_balance_are_a_failure(souk: Souk, tmp_path: Path) -> None:
    assert souk("replay", a_day(tmp_path, "unbalanced.csv")).returncode == 1


def test_a_day_that_cannot_be_read_starts_no_shop(souk: Souk, tmp_path: Path) -> None:
    played = souk("replay", a_day(tmp_path, "odd.csv"))

    assert played.returncode == 1
    assert played.stderr == "Error: odd.csv, line 3: no number where a quantity should be.\n"
    assert not (tmp_path / "state").exists()


def test_an_interrupted_replay_closes_what_it_opened(souk: Souk, tmp_path: Path) -> None:
    played = souk("replay", a_day(tmp_path, "long.csv"))

    assert played.returncode == 130
    assert "Traceback" not in played.stderr
    assert diary(tmp_path)[-1] == "stop"


# --- the others, and how commands end ---------------------------------------------------------


def test_a_token_needs_an_open_shop_and_a_known_name(souk: Souk, tmp_path: Path) -> None:
    closed = souk("token", "--as", "ada")
    souk("up", "--detach")
    ada, eve = souk("token", "--as", "ada"), souk("token", "--as", "eve")

    start = f"./souk up --state {tmp_path / 'state'}"
    assert closed.stderr == f"Error: The shop is not running; start it with: {start}\n"
    assert ada.stdout == "token-of-ada-at-8000\n"
    assert (eve.returncode, eve.stderr) == (1, "Error: There is no 'eve' in this shop.\n")


def test_a_shop_that_is_not_running_has_no_mails_to_show(souk: Souk, tmp_path: Path) -> None:
    closed = souk("mails")

    start = f"./souk up --state {tmp_path / 'state'}"
    assert closed.returncode == 1
    assert closed.stderr == f"Error: The shop is not running; start it with: {start}\n"


def test_documents_are_printed_and_nothing_else(souk: Souk) -> None:
    assert json.loads(souk("openapi").stdout) == {"openapi": "3.1.0"}
    assert souk("events").stdout == "# Facts\n"
    assert json.loads(souk("events", "--json").stdout) == {"asyncapi": "3.0.0"}
    assert souk("synth").stdout == "/assembly\n"


@pytest.mark.parametrize("arguments", [["updown"], ["replay", "missing.csv"], ["up", "--port=x"]])
def test_a_command_line_nobody_understands_is_code_2(souk: Souk, arguments: list[str]) -> None:
    asked = souk(*arguments)

    assert asked.returncode == 2
    assert asked.stderr.startswith("Usage: souk ")


def test_a_mistyped_command_is_answered_with_the_right_one(souk: Souk) -> None:
    assert "Did you mean 'status'?" in souk("staus").stderr


@pytest.mark.parametrize(
    "name",
    ["up", "down", "status", "test", "replay", "token", "synth", "openapi", "events", "map"],
)
def test_every_command_has_help(souk: Souk, name: str) -> None:
    helped = souk(name, "--help")

    assert helped.returncode == 0
    assert helped.stdout.startswith(f"Usage: souk {name} ")
    assert f"  {name} " in souk("--help").stdout


def test_what_nobody_expected_is_told_without_a_stack_trace(souk: Souk, tmp_path: Path) -> None:
    opened = souk("up", "--port", "82")

    sentence = opened.stderr.splitlines()[-1]
    log = Path(sentence.split("; ")[1].split(" has ")[0])
    assert opened.returncode == 1
    assert sentence.startswith("Error: Something unexpected happened (KeyError: 'UserPoolId')")
    assert "Traceback" in log.read_text()
    log.unlink()
