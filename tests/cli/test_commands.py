"""The commands as users and scripts run them. Shop, synthesis, replay and audit are stubs."""

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
STUBS = Path(__file__).parent / "stubs"

Souk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "cli").mkdir()
    for module in (ROOT / "cli").glob("*.py"):
        shutil.copy(module, project / "cli")
    return shutil.copytree(STUBS, project, dirs_exist_ok=True)


@pytest.fixture
def souk(project: Path, tmp_path: Path) -> Souk:
    """Runs ./souk with the given arguments in a separate folder, which also has the state."""

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
    variables = {"PYTHONPATH": str(project), "SOUK_STATE": str(folder / "state")}
    return {**os.environ, **variables, "COLUMNS": "100"}


def recorded_calls(folder: Path) -> list[str]:
    """The calls of the shop's stub."""
    return (folder / "state" / "calls").read_text().splitlines()


# --- up, down, status -------------------------------------------------------------------------


def test_a_detached_shop_keeps_running_and_its_addresses_are_printed(
    souk: Souk, tmp_path: Path
) -> None:
    started = souk("up", "--detach", "--port", "8123")

    assert started.returncode == 0
    assert started.stdout == ""
    assert "Shop           http://127.0.0.1:8123/\n" in started.stderr
    assert "API reference  http://127.0.0.1:8123/api/docs/\n" in started.stderr
    state_option = f"--state {tmp_path / 'state'}\n"  # each hint names the same shop
    assert f"Stop           ./souk down {state_option}" in started.stderr
    assert "AWS::Events::Archive" in started.stderr
    assert "Demo catalogue listed by token-of-sam-at-8123" in started.stderr
    assert recorded_calls(tmp_path) == [
        "start fresh=False assembly openapi.json",
        "create demo users",
    ]


def test_a_shop_without_demo_products_still_has_its_demo_users(souk: Souk, tmp_path: Path) -> None:
    started = souk("up", "--detach", "--no-demo", "--fresh")

    assert "Demo catalogue" not in started.stderr
    assert recorded_calls(tmp_path) == [
        "start fresh=True assembly openapi.json",
        "create demo users",
    ]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_to_up_stops_the_shop(
    project: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        command("up"),
        env=environment(project, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr
        output = "".join(iter(up.stderr.readline, "Stop           Ctrl-C\n"))
        up.send_signal(number)
        output += up.stderr.read()

    assert up.returncode == code
    assert "Stopping the shop" in output
    assert "Traceback" not in output
    assert recorded_calls(tmp_path)[-1] == "stop"


def test_watch_and_detach_exclude_each_other(souk: Souk, tmp_path: Path) -> None:
    rejected = souk("up", "--watch", "--detach")

    assert rejected.returncode == 2
    assert "leave out --detach" in rejected.stderr
    assert not (tmp_path / "state").exists()


def test_up_ends_when_another_command_stops_the_shop(
    project: Path, souk: Souk, tmp_path: Path
) -> None:
    with subprocess.Popen(
        command("up"), env=environment(project, tmp_path), stderr=subprocess.PIPE, text=True
    ) as up:
        assert up.stderr
        "".join(iter(up.stderr.readline, "Stop           Ctrl-C\n"))
        souk("down")
        output = up.stderr.read()

    assert up.returncode == 1
    assert "The shop was stopped" in output


def test_a_shop_whose_demo_data_cannot_be_loaded_is_stopped_again(
    souk: Souk, tmp_path: Path
) -> None:
    started = souk("up", "--detach", "--port", "83")

    assert started.returncode == 1
    assert started.stderr.endswith("Error: The demo products could not be listed.\n")
    assert recorded_calls(tmp_path)[-1] == "stop"


def test_a_busy_port_is_reported_in_one_sentence(souk: Souk) -> None:
    started = souk("up", "--port", "81")

    assert started.returncode == 1
    assert started.stderr.splitlines()[1:] == [
        "Error: Port 81 is in use; choose another with --port."
    ]


def test_down_reports_whether_the_shop_was_running(souk: Souk) -> None:
    souk("up", "--detach")

    first, second = souk("down"), souk("down")

    assert (first.returncode, first.stderr) == (0, "The shop is stopped.\n")
    assert (second.returncode, second.stderr) == (0, "The shop was not running.\n")


def test_the_exit_code_of_status_tells_whether_the_shop_is_running(souk: Souk) -> None:
    stopped = souk("status", "--json")
    souk("up", "--detach")
    running = souk("status", "--json")

    assert (stopped.returncode, json.loads(stopped.stdout)["ready"]) == (1, False)
    assert (running.returncode, json.loads(running.stdout)["ready"]) == (0, True)
    assert (stopped.stderr, running.stderr) == ("", "")


def test_status_shows_the_messages_in_the_queues(souk: Souk) -> None:
    souk("up", "--detach")

    lines = souk("status").stdout.splitlines()

    assert lines[-2:] == [
        "queue   waiting  in flight  dead letters",
        "orders        3          1             0",
    ]


def test_the_state_option_may_precede_or_follow_the_command(souk: Souk, tmp_path: Path) -> None:
    souk("--state", "one", "up", "--detach", "--port", "8001")
    souk("up", "--detach", "--port", "8002", "--state", "two")

    one, two = souk("status", "--json", "--state", "one"), souk("--state", "two", "status")
    both_options = souk("--state", "one", "token", "--as", "ada", "--state", "two")

    assert json.loads(one.stdout)["urls"]["storefront"] == "http://127.0.0.1:8001/"
    assert "http://127.0.0.1:8002/" in two.stdout
    assert both_options.stdout == "token-of-ada-at-8002\n"  # the later option wins
    assert not (tmp_path / "state").exists()


# --- replay -----------------------------------------------------------------------------------


def a_day(folder: Path, name: str = "day.csv") -> str:
    (folder / name).touch()
    return str(folder / name)


def test_replay_starts_a_stopped_shop_and_stops_it_again(souk: Souk, tmp_path: Path) -> None:
    replayed = souk("replay", a_day(tmp_path))

    assert replayed.returncode == 0
    assert replayed.stdout == "Report of 8 customers No violations.\n"
    assert "It is started for this command" in replayed.stderr
    assert recorded_calls(tmp_path) == [
        "start fresh=False assembly openapi.json",
        "create demo users",
        "stop",
    ]


def test_replay_does_not_stop_a_running_shop(souk: Souk, tmp_path: Path) -> None:
    souk("up", "--detach")

    souk("replay", a_day(tmp_path))

    assert "stop" not in recorded_calls(tmp_path)


def test_replay_with_json_prints_one_object_and_nothing_else(souk: Souk, tmp_path: Path) -> None:
    replayed = souk("replay", "--json", "--concurrency", "3", a_day(tmp_path))

    assert json.loads(replayed.stdout) == {
        "balanced": True,
        "customers": 3,
        "audit": {"violations": []},
    }
    assert "Replaying: 50 %" in replayed.stderr


def test_books_that_do_not_balance_are_a_failure(souk: Souk, tmp_path: Path) -> None:
    assert souk("replay", a_day(tmp_path, "unbalanced.csv")).returncode == 1


def test_an_invalid_day_starts_no_shop(souk: Souk, tmp_path: Path) -> None:
    replayed = souk("replay", a_day(tmp_path, "invalid.csv"))

    assert replayed.returncode == 1
    assert replayed.stderr == ("Error: invalid.csv, line 3: Quantity has to be a whole number.\n")
    assert not (tmp_path / "state").exists()


def test_an_interrupted_replay_stops_the_shop_that_it_started(souk: Souk, tmp_path: Path) -> None:
    replayed = souk("replay", a_day(tmp_path, "interrupted.csv"))

    assert replayed.returncode == 130
    assert "Traceback" not in replayed.stderr
    assert recorded_calls(tmp_path)[-1] == "stop"


# --- other commands, and exit codes -----------------------------------------------------------


def test_a_token_needs_a_running_shop_and_a_known_name(souk: Souk, tmp_path: Path) -> None:
    stopped = souk("token", "--as", "ada")
    souk("up", "--detach")
    ada, eve = souk("token", "--as", "ada"), souk("token", "--as", "eve")

    start = f"./souk up --state {tmp_path / 'state'}"
    assert stopped.stderr == f"Error: The shop is not running. Start it with: {start}\n"
    assert ada.stdout == "token-of-ada-at-8000\n"
    assert (eve.returncode, eve.stderr) == (1, "Error: There is no 'eve' in this shop.\n")


def test_a_shop_that_is_not_running_has_no_emails_to_list(souk: Souk, tmp_path: Path) -> None:
    stopped = souk("emails")

    start = f"./souk up --state {tmp_path / 'state'}"
    assert stopped.returncode == 1
    assert stopped.stderr == f"Error: The shop is not running. Start it with: {start}\n"


def test_documents_are_printed_and_nothing_else(souk: Souk) -> None:
    assert json.loads(souk("openapi").stdout) == {"openapi": "3.1.0"}
    assert souk("events").stdout == "# Events\n"
    assert json.loads(souk("events", "--json").stdout) == {"asyncapi": "3.0.0"}
    assert souk("synth").stdout == "/assembly\n"


@pytest.mark.parametrize("arguments", [["updown"], ["replay", "missing.csv"], ["up", "--port=x"]])
def test_an_invalid_command_line_exits_with_2(souk: Souk, arguments: list[str]) -> None:
    rejected = souk(*arguments)

    assert rejected.returncode == 2
    assert rejected.stderr.startswith("Usage: souk ")


def test_a_mistyped_command_gets_a_suggestion(souk: Souk) -> None:
    assert "Did you mean 'status'?" in souk("staus").stderr


@pytest.mark.parametrize(
    "name",
    ["up", "down", "status", "test", "replay", "token", "synth", "openapi", "events", "map"],
)
def test_every_command_has_help(souk: Souk, name: str) -> None:
    shown = souk(name, "--help")

    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: souk {name} ")
    assert f"  {name} " in souk("--help").stdout


def test_an_unexpected_error_is_reported_without_a_stack_trace(souk: Souk, tmp_path: Path) -> None:
    started = souk("up", "--port", "82")

    sentence = started.stderr.splitlines()[-1]
    log = Path(sentence.split("; see ")[1].split(" for ")[0])
    assert started.returncode == 1
    assert sentence.startswith("Error: Unexpected error (KeyError: 'UserPoolId')")
    assert "Traceback" in log.read_text()
    log.unlink()
