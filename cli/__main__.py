"""`python -m cli`, which ./souk runs in .venv: runs one command and sets the exit code."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Any error is printed as one sentence."""
    import click

    from cli.main import souk

    try:
        souk(arguments, prog_name="souk", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as aborted:
        raise KeyboardInterrupt from aborted
    except Exception as error:  # noqa: BLE001  a stack trace does not help the user
        click.echo(f"Error: {_sentence(error)}", err=True)
        return 1
    return 0


def _sentence(error: Exception) -> str:
    package = type(error).__module__.partition(".")[0]
    if package in {"cli", "infra", "local"}:
        return str(error)  # the project's own exceptions are written for the user
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    message = str(error).partition("\n")[0]
    log = _write_traceback(error)
    return f"Unexpected error ({type(error).__name__}: {message}); see {log} for details."


def _write_traceback(error: Exception) -> str:
    """Write the stack trace to a temporary file; return its name."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="souk-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    return log.name


def _exit_on_signal(signum: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)  # unlike the default action, this runs the command's clean-up


if __name__ == "__main__":
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is signal.SIG_DFL:  # under nohup, SIGHUP stays ignored
            signal.signal(signum, _exit_on_signal)
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
