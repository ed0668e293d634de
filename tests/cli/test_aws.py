"""`./souk aws`: the environment of the local shop's AWS."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.aws import export_lines, run_aws_cli
from local.root_key import secret_key
from local.shop import RunningShop


@pytest.fixture
def running(tmp_path: Path) -> RunningShop:
    return RunningShop(tmp_path, 1, "", 8000, 4566)


def test_a_shell_gets_the_key_and_the_endpoint_and_loses_its_profile(running: RunningShop) -> None:
    script = f"{export_lines(running)}\nenv | grep ^AWS_"
    environment = {"PATH": os.environ["PATH"], "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t"}

    printed = subprocess.run(
        ["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=True
    )

    variables = dict(line.split("=", 1) for line in printed.stdout.splitlines())
    assert variables["AWS_SECRET_ACCESS_KEY"] == secret_key(running.state)
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & variables.keys()


def test_the_aws_cli_gets_the_arguments_and_the_environment(
    running: RunningShop, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" "$AWS_ENDPOINT_URL" "$AWS_PROFILE"\n')
    program.chmod(0o755)
    call = (
        "from pathlib import Path; from cli.aws import run_aws_cli;"
        "from local.shop import RunningShop;"
        f"run_aws_cli(RunningShop(Path({str(tmp_path)!r}), 1, '', 8000, 4566), ('s3', 'ls'))"
    )

    completed = subprocess.run(
        [sys.executable, "-c", call],
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "AWS_PROFILE": "work"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert completed.stdout.split() == ["s3", "ls", "http://127.0.0.1:4566"], completed.stderr


def test_a_missing_aws_cli_is_named(
    running: RunningShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(click.ClickException, match="is not installed"):
        run_aws_cli(running, ("s3", "ls"))
