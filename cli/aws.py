"""`./souk aws`: the local shop's AWS, for the AWS CLI and for other tools."""

import os
import shlex
import shutil
from collections.abc import Sequence
from typing import NoReturn

import click

from local.root_key import environment
from local.shop import RunningShop

_OTHER_CREDENTIALS = ("AWS_PROFILE", "AWS_SESSION_TOKEN")  # they would win, or not fit the key


def export_lines(running: RunningShop) -> str:
    """Shell commands that set the environment. They contain the root user's secret key."""
    variables = environment(running.state, running.endpoint)
    exports = (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    return "\n".join((f"unset {' '.join(_OTHER_CREDENTIALS)}", *exports))


def run_aws_cli(running: RunningShop, arguments: Sequence[str]) -> NoReturn:
    """Replace this process with the AWS CLI. Raises ClickException if it is not installed."""
    program = shutil.which("aws")
    if program is None:
        raise click.ClickException(
            "The AWS CLI (`aws`) is not installed."
            ' For another tool, set its environment: eval "$(./souk aws)".'
        )
    inherited = {
        name: value for name, value in os.environ.items() if name not in _OTHER_CREDENTIALS
    }
    variables = inherited | environment(running.state, running.endpoint)
    os.execve(program, ["aws", *arguments], variables)  # noqa: S606 - it takes over the terminal
