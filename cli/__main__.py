"""`python -m cli`, which ./souk runs in .venv: one command, and how it ends."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code; whatever happens, a person is told one sentence."""
    import click

    from cli.main import souk

    try:
        souk(arguments, prog_name="souk", standalone_mode=False)
    except click.ClickException as refusal:
        refusal.show()
        return refusal.exit_code
    except click.Abort as interrupted:
        raise KeyboardInterrupt from interrupted
    except Exception as error:  # noqa: BLE001  a stack trace is nothing a person can act on
        click.echo(f"Error: {_sentence(error)}", err=True)
        return 1
    return 0


def _sentence(error: Exception) -> str:
    ours = type(error).__module__.partition(".")[0] in {"cli", "infra", "local"}
    if ours:
        return str(error)  # written for a person
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    said = str(error).partition("\n")[0]
    return f"Something unexpected happened ({type(error).__name__}: {said}); {_details(error)}"


def _details(error: Exception) -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="souk-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    return f"{log.name} has the details."


def _end(signum: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)  # unlike the default, this lets a command close what it opened


if __name__ == "__main__":
    for hangup in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(hangup) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(hangup, _end)
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
