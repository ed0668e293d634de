"""The commands of ./souk: what each takes, and which module does its work."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.say import DEFAULT_STATE, columns, command, json_result, note, progress, result

if TYPE_CHECKING:
    from local.shop import Running, Shop

ROOT = Path(__file__).parents[1]
EPILOG = """\b
Exit codes:
  0    it worked
  1    it was refused or it failed; stderr says why in one sentence
  2    the command line was not understood
  130  interrupted by Ctrl-C"""


def _remember_state(context: click.Context, _: click.Parameter, state: Path | None) -> None:
    if state is not None:  # given after the command's name it wins over the one before
        context.meta["state"] = state.resolve()


def _state_option(envvar: str | None = None) -> Callable[[Any], Any]:
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        envvar=envvar,
        expose_value=False,
        callback=_remember_state,
        help="Which shop: the folder its state is in. [env: SOUK_STATE; default: .souk]",
    )


def _shop() -> "Shop":
    from local.shop import Shop

    return Shop(click.get_current_context().meta.get("state", DEFAULT_STATE))


def _running() -> "Running":
    shop = _shop()
    running = shop.running()
    if running is None:
        start = command("up", shop.state)
        raise click.ClickException(f"The shop is not running; start it with: {start}")
    return running


_of_shop = _state_option()
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@_state_option("SOUK_STATE")
def souk() -> None:
    """A serverless shop, on this machine."""


@souk.command()
@_of_shop
@click.option("--port", type=click.IntRange(1, 65535), help="Of the shop.  [default: 8000]")
@click.option("--detach", is_flag=True, help="Return when the shop is open; `down` stops it.")
@click.option("--fresh", is_flag=True, help="Forget all that this shop knew.")
@click.option("--no-demo", is_flag=True, help="No demo products.")
def up(port: int | None, detach: bool, fresh: bool, no_demo: bool) -> None:
    """Open the shop; Ctrl-C closes it and keeps its state."""
    from cli.up import up

    up(_shop(), port=port, detach=detach, fresh=fresh, demo=not no_demo)


@souk.command()
@_of_shop
def down() -> None:
    """Close the shop and keep its state."""
    note("The shop is stopped." if _shop().stop() else "The shop was not running.")


@souk.command()
@_of_shop
@_json
def status(as_json: bool) -> None:
    """Say if the shop is open, and what waits in its queues.

    Exit code 0 only if it is open.
    """
    now = _shop().status()
    if as_json:
        json_result(now.as_json())
    else:
        result(columns([("ready", "yes" if now.ready else "no"), *now.urls.items()]))
        queues = [
            (_short(each.name), each.visible, each.in_flight, each.dead) for each in now.queues
        ]
        if queues:
            result("\n" + columns([("queue", "waiting", "in flight", "dead"), *queues]))
    sys.exit(0 if now.ready else 1)


def _short(queue: str) -> str:
    """The name as the template has it, without the stack's before it and the hashes behind."""
    return re.sub(r"^Souk-\w+?-(\w+?)[0-9A-F]{8}-\w+$", r"\1", queue)


@souk.command()
@click.option("--all", "everything", is_flag=True, help="The long tests too.")
def test(everything: bool) -> None:
    """Check the code and run the tests."""
    from cli.checks import check

    sys.exit(check(everything=everything))


@souk.command()
@_of_shop
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--concurrency",
    default=8,
    show_default=True,
    metavar="N",
    help="Customers at once.",
    type=click.IntRange(1, 256),
)
@_json
def replay(file: Path | None, concurrency: int, as_json: bool) -> None:
    """Play a day of orders and draw up its books.

    Exit code 0 only if they balance. FILE is a retail day in CSV; without it, the day that came
    with Souk is played.
    """
    from rich.console import Console

    from cli.opening import at_hand
    from cli.replay import read_day, render
    from cli.replay import replay as play
    from local import people
    from local.secret import secret

    day = read_day(file or ROOT / "demo" / "day.csv")
    with at_hand(_shop()) as running, progress("Playing") as show:
        books = play(
            day,
            base_url=running.urls["storefront"],
            staff_token=lambda: people.token(running, "sam"),
            secret=secret(running.state),
            concurrency=concurrency,
            progress=show,
        )
    if as_json:
        json_result(books.as_json())
    else:
        Console().print(render(books))
    sys.exit(0 if books.balanced else 1)


@souk.command()
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where the picture goes.  [default: .build/bench.svg]",
)
@_json
def bench(chart: Path | None, as_json: bool) -> None:
    """Measure the shop beside the least code that does the same.

    Takes some minutes and wants the machine for itself. Exit code 0 only if every target was
    reached.
    """
    from cli.measuring import bench

    bench(chart, as_json=as_json)


@souk.command()
@_json
def cost(as_json: bool) -> None:
    """Say what AWS would bill for a thousand orders, and for an idle month."""
    from cli.measuring import cost

    cost(as_json=as_json)


@souk.command()
@_of_shop
@click.option("--as", "name", required=True, metavar="NAME", help="ada (customer) or sam (staff).")
def token(name: str) -> None:
    """Print a bearer token of a demo person."""
    from local import people

    result(people.token(_running(), name))


@souk.command()
def synth() -> None:
    """Make the template that deploys, and print its folder."""
    from infra.synth import synthesize

    result(str(synthesize(note)))


@souk.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from infra.contracts import openapi

    json_result(openapi())


@souk.command()
@_json
def events(as_json: bool) -> None:
    """Print the facts that rooms say, as docs/events.md does; as JSON, as docs/asyncapi.json."""
    from infra.contracts import events_json, events_markdown

    if as_json:
        json_result(events_json())
    else:
        result(events_markdown().rstrip())
