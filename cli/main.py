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
@click.option("--watch", is_flag=True, help="Deploy each change of src and infra.")
def up(port: int | None, detach: bool, fresh: bool, no_demo: bool, watch: bool) -> None:
    """Open the shop; Ctrl-C closes it and keeps its state."""
    from cli.up import up

    if watch and detach:
        raise click.UsageError("Only a command that stays can watch: leave out --detach.")
    up(_shop(), port=port, detach=detach, fresh=fresh, demo=not no_demo, watch=watch)


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
@click.option(
    "--kills",
    type=click.IntRange(1),
    metavar="N",
    help="Only kill a loaded shop N times, and say what it lost.",
)
def test(everything: bool, kills: int | None) -> None:
    """Check the code and run the tests."""
    from cli.checks import check, kill_often

    sys.exit(kill_often(kills) if kills else check(everything=everything))


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
@click.option(
    "--pause",
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each parcel lies in the warehouse, and is on its way.",
    type=click.FloatRange(0, 60),
)
@_json
def replay(file: Path | None, concurrency: int, pause: float, as_json: bool) -> None:
    """Play a day of orders to delivered and back, draw up its books and audit the shop.

    Exit code 0 only if the books balance and no promise is broken. FILE is a retail day in CSV;
    without it, the day that came with Souk is played.
    """
    from rich.console import Console

    from cli.audit import AwsShop, audit
    from cli.audit import render as render_audit
    from cli.backstage import AwsBackstage
    from cli.opening import at_hand
    from cli.replay import read_day, render
    from cli.replay import replay as play
    from local import people
    from local.cloud import STACK
    from local.secret import secret

    day = read_day(file or ROOT / "demo" / "day.csv")
    with at_hand(_shop()) as running, progress("Playing") as show:
        books = play(
            day,
            base_url=running.urls["storefront"],
            staff_token=lambda: people.token(running, "sam"),
            backstage=AwsBackstage(running.session(), STACK),
            secret=secret(running.state),
            concurrency=concurrency,
            progress=show,
            pause=pause,
        )
        report = audit(AwsShop(running.session(), STACK))
    if as_json:
        json_result(books.as_json() | {"audit": report.as_json()})
    else:
        Console().print(render(books), render_audit(report))
    sys.exit(0 if books.balanced and report.clean else 1)


@souk.command("import")
@_of_shop
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "told",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="The column a field is in, where its name does not tell; `image=` leaves it out.",
)
@click.option(
    "--stage",
    metavar="STAGE",
    help="Into the stage deployed to AWS, with the staff token in $SOUK_TOKEN.",
)
@_json
def import_(file: Path, told: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Bring the products of FILE into the catalog.

    FILE is CSV with a header, or JSON lines. Importing it again changes nothing, a changed one
    only what has changed. Exit code 0 only if every line is in the shop.
    """
    from cli.importing.command import import_file

    summary = import_file(file, told, _shop(), stage)
    if as_json:
        json_result(summary.as_json())
    else:
        result(columns(summary.rows()))
    sys.exit(1 if summary.failed else 0)


@souk.command()
@_of_shop
@click.option(
    "--stage", metavar="STAGE", help="Of the stage deployed to AWS, instead of the shop here."
)
@_json
def audit(stage: str | None, as_json: bool) -> None:
    """Check the whole shop: orders, stock, money, facts.

    Exit code 0 only if no promise is broken. What young work explains is listed as pending.
    """
    from rich.console import Console

    from cli.audit import AwsShop, audit, render

    if stage is None:
        from local.cloud import STACK

        report = audit(AwsShop(_running().session(), STACK))
    else:
        from cli.cloud import deployed

        with deployed(stage) as (session, stack):
            report = audit(AwsShop(session, stack.name))
    if as_json:
        json_result(report.as_json())
    else:
        Console().print(render(report))
    sys.exit(0 if report.clean else 1)


@souk.command()
@_of_shop
@click.argument("order")
@click.option(
    "--stage", metavar="STAGE", help="Of the stage deployed to AWS, instead of the shop here."
)
@_json
def trace(order: str, stage: str | None, as_json: bool) -> None:
    """Tell the story of ORDER, fact by fact, with the log lines of who took part."""
    from cli.trace import AwsShop, render, trace
    from cli.trace import as_json as told

    if stage is None:
        from local.cloud import STACK

        found = trace(AwsShop(_running().session(), STACK), order)
    else:
        from cli.cloud import deployed

        with deployed(stage) as (session, stack):
            found = trace(AwsShop(session, stack.name), order)
    if as_json:
        json_result(told(found))
    else:
        result(render(found))


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
@click.argument("order", required=False)
@click.option("--texts", is_flag=True, help="Print every mail there is, as docs/mails.md does.")
@_json
def mails(order: str | None, texts: bool, as_json: bool) -> None:
    """Show what the shop wrote to customers and staff; with ORDER, its mails in full."""
    if texts:
        from infra.contracts import mails_markdown

        result(mails_markdown().rstrip())
        return
    running = _running()
    from cli.mails import letters, table
    from cli.mails import mails as found

    written = found(running, order)
    if as_json:
        json_result({"mails": [each.as_json() for each in written]})
    elif not written:
        note("No mail was sent yet." if order is None else f"No mail was sent about {order}.")
    else:
        result(letters(written) if order else table(written))


@souk.command()
@_of_shop
@click.option("--as", "name", required=True, metavar="NAME", help="ada (customer) or sam (staff).")
@click.option("--password", is_flag=True, help="Print the password to sign in with on the pages.")
def token(name: str, password: bool) -> None:
    """Print a bearer token of a demo person."""
    from local import people

    made = people.password if password else people.token
    result(made(_running(), name))


@souk.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
def screenshots(folder: Path | None) -> None:
    """Picture every page, on a desk, in the dark and on a phone.

    In FOLDER, or docs/images/pages. It opens a shop of its own; the system's Chromium is needed.
    """
    from cli.screenshots import FOLDER
    from cli.screenshots import screenshots as shoot

    for file in shoot(folder or FOLDER):
        result(str(file))


@souk.command()
@click.argument("stage")
@click.option("--yes", is_flag=True, help="Apply the changes without asking, as in CI.")
def deploy(stage: str, yes: bool) -> None:
    """Bring STAGE (dev or prod) in your AWS account to what the code says.

    The changes are shown and asked for, then the pages are brought up. Account and region are those
    of your AWS configuration.
    """
    from cli.cloud import deploy

    result(columns(list(deploy(stage, yes=yes).items())))


@souk.command()
@click.argument("stage")
@click.option("--yes", is_flag=True, help="Without asking; not for prod, whose name is typed.")
def destroy(stage: str, yes: bool) -> None:
    """Take STAGE down in your AWS account."""
    from cli.cloud import destroy

    destroy(stage, yes=yes)


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


@souk.command("map")
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the picture there instead of printing it.",
)
@_json
def map_(svg: Path | None, as_json: bool) -> None:
    """Draw the shop as it is deployed, as docs/images/map.svg; as JSON, what its page draws."""
    import json

    from infra.shopmap import picture
    from infra.synth import map_path, synthesize

    made = json.loads(map_path(synthesize(note)).read_text())
    if as_json:
        json_result(made)
    elif svg:
        svg.write_text(picture(made))
        note(f"The map is in {svg}.")
    else:
        result(picture(made).rstrip())


@souk.command()
def orders() -> None:
    """Print an order's states and its checkout workflow, as docs/orders.md draws them."""
    from infra.contracts import orders_markdown

    result(orders_markdown().rstrip())
