"""The commands of ./souk. Each parses its arguments and calls the module that does the work."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import DEFAULT_STATE, columns, command, json_result, note, progress, result

if TYPE_CHECKING:
    from local.shop import RunningShop, Shop

ROOT = Path(__file__).parents[1]
EPILOG = """\b
Exit codes:
  0    success
  1    failure; stderr gives the reason in one sentence
  2    invalid command line
  130  interrupted by Ctrl-C"""


def _remember_state(context: click.Context, _: click.Parameter, state: Path | None) -> None:
    if state is not None:  # an option after the command's name overrides one before it
        context.meta["state"] = state.resolve()


def _state_option(envvar: str | None = None) -> Callable[[Any], Any]:
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        envvar=envvar,
        expose_value=False,
        callback=_remember_state,
        help="Use the shop whose state is in this folder. [env: SOUK_STATE; default: .souk]",
    )


def _shop() -> "Shop":
    from local.shop import Shop

    return Shop(click.get_current_context().meta.get("state", DEFAULT_STATE))


def _require_running() -> "RunningShop":
    """The running shop. Raises click.ClickException if it is not running."""
    shop = _shop()
    running = shop.find_running()
    if running is None:
        start = command("up", shop.state)
        raise click.ClickException(f"The shop is not running. Start it with: {start}")
    return running


_with_state = _state_option()
_with_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout."
)
_with_stage = click.option(
    "--stage", metavar="STAGE", help="Use the stage deployed to AWS instead of the local shop."
)


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@_state_option("SOUK_STATE")
def souk() -> None:
    """Run, test and deploy a serverless shop."""


@souk.command()
@_with_state
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Serve the shop on this port.  [default: 8000]"
)
@click.option(
    "--detach", is_flag=True, help="Return once the shop is running; stop it with `down`."
)
@click.option("--fresh", is_flag=True, help="Delete the shop's state first.")
@click.option("--no-demo", is_flag=True, help="Do not load the demo products.")
@click.option("--watch", is_flag=True, help="Deploy each saved change of src and infra.")
def up(port: int | None, detach: bool, fresh: bool, no_demo: bool, watch: bool) -> None:
    """Start the shop. Ctrl-C stops it and keeps its state."""
    from cli.up import up

    if watch and detach:
        raise click.UsageError("--watch keeps the command running: leave out --detach.")
    up(_shop(), port=port, detach=detach, fresh=fresh, demo=not no_demo, watch=watch)


@souk.command()
@_with_state
def down() -> None:
    """Stop the shop and keep its state."""
    note("The shop is stopped." if _shop().stop() else "The shop was not running.")


@souk.command()
@_with_state
@_with_json
def status(as_json: bool) -> None:
    """Show whether the shop is running, and the messages in its queues.

    Exit code 0 only if it is running.
    """
    current = _shop().status()
    if as_json:
        json_result(current.as_json())
    else:
        result(columns([("ready", "yes" if current.ready else "no"), *current.urls.items()]))
        queues = [
            (_short_name(queue.name), queue.visible, queue.in_flight, queue.dead)
            for queue in current.queues
        ]
        if queues:
            head = ("queue", "waiting", "in flight", "dead letters")
            result("\n" + columns([head, *queues]))
    sys.exit(0 if current.ready else 1)


def _short_name(queue: str) -> str:
    """The queue's name in the template, without the stack's name and the hashes."""
    return re.sub(r"^Souk-\w+?-(\w+?)[0-9A-F]{8}-\w+$", r"\1", queue)


@souk.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run all checks and tests, or those that are named."""
    from cli import check_options

    options = check_options.parse(arguments)
    from cli.checks import run_checks

    sys.exit(run_checks(options))


@souk.command()
@_with_state
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--concurrency",
    default=8,
    show_default=True,
    metavar="N",
    help="Number of concurrent customers.",
    type=click.IntRange(1, 256),
)
@click.option(
    "--pause",
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait this long before and after each dispatch.",
    type=click.FloatRange(0, 60),
)
@_with_json
def replay(file: Path | None, concurrency: int, pause: float, as_json: bool) -> None:
    """Replay a day of orders to delivery and returns, balance the books and audit the shop.

    FILE is a retail day in CSV. The default is the demo day that comes with Souk. Exit code 0 only
    if the books balance and the audit finds no violations.
    """
    from rich.console import Console

    from cli.audit import AwsShop, audit
    from cli.audit import render as render_audit
    from cli.replay import read_day, render
    from cli.replay import replay as run_replay
    from cli.shop_internals import AwsShopInternals
    from cli.start_shop import running_shop
    from local import demo_users
    from local.cloud import STACK
    from local.secret import load_secret

    day = read_day(file or ROOT / "demo" / "day.csv")
    with running_shop(_shop()) as running, progress("Replaying") as report_progress:
        replayed = run_replay(
            day,
            base_url=running.urls["storefront"],
            staff_token=lambda: demo_users.sign_in(running, "sam"),
            internals=AwsShopInternals(running.session(), STACK),
            secret=load_secret(running.state),
            concurrency=concurrency,
            progress=report_progress,
            pause_seconds=pause,
        )
        audited = audit(AwsShop(running.session(), STACK))
    if as_json:
        json_result(replayed.as_json() | {"audit": audited.as_json()})
    else:
        Console().print(render(replayed), render_audit(audited))
    sys.exit(0 if replayed.balanced and audited.is_clean else 1)


@souk.command("import")
@_with_state
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "mappings",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Read the field from this column of the file; `image=` ignores the field.",
)
@click.option(
    "--stage",
    metavar="STAGE",
    help="Import into the stage deployed to AWS, with the staff token in $SOUK_TOKEN.",
)
@_with_json
def import_(file: Path, mappings: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Import the products of FILE into the catalog.

    FILE is CSV with a header, or JSON lines. Importing the same file again changes nothing;
    importing a changed file updates what differs. Exit code 0 only if every line was imported.
    """
    from cli.importing.command import import_file

    summary = import_file(file, mappings, _shop(), stage)
    if as_json:
        json_result(summary.as_json())
    else:
        result(columns(summary.rows()))
    sys.exit(1 if summary.failed else 0)


@souk.command(context_settings={"ignore_unknown_options": True})
@_with_state
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def aws(arguments: tuple[str, ...]) -> None:
    """Run the AWS CLI on the local shop's AWS, as the root user.

    Without ARGUMENTS, print the environment for other tools: eval "$(./souk aws)".
    """
    from cli.aws import export_lines, run_aws_cli

    running = _require_running()
    if arguments:
        run_aws_cli(running, arguments)
    result(export_lines(running))


@souk.command()
@_with_state
@_with_stage
@_with_json
def audit(stage: str | None, as_json: bool) -> None:
    """Check the guarantees over all data: orders, stock, money, events.

    Differences that recent work may explain are listed as pending. Exit code 0 only if there are
    no violations.
    """
    from rich.console import Console

    from cli.audit import AwsShop, audit, render

    if stage is None:
        from local.cloud import STACK

        report = audit(AwsShop(_require_running().session(), STACK))
    else:
        from cli.cloud import deployed_stack

        with deployed_stack(stage) as (session, stack):
            report = audit(AwsShop(session, stack.name))
    if as_json:
        json_result(report.as_json())
    else:
        Console().print(render(report))
    sys.exit(0 if report.is_clean else 1)


@souk.command()
@_with_state
@click.argument("order")
@_with_stage
@_with_json
def trace(order: str, stage: str | None, as_json: bool) -> None:
    """Show ORDER event by event, with log lines and workflow steps."""
    from cli.trace import AwsShop, load_trace, render
    from cli.trace import as_json as trace_as_json

    if stage is None:
        from local.cloud import STACK

        loaded = load_trace(AwsShop(_require_running().session(), STACK), order)
    else:
        from cli.cloud import deployed_stack

        with deployed_stack(stage) as (session, stack):
            loaded = load_trace(AwsShop(session, stack.name), order)
    if as_json:
        json_result(trace_as_json(loaded))
    else:
        result(render(loaded))


@souk.command()
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the chart to this file.  [default: .build/bench.svg]",
)
@_with_json
def bench(chart: Path | None, as_json: bool) -> None:
    """Measure the shop against a minimal implementation.

    Takes 6 to 12 minutes and needs an idle machine. Exit code 0 only if all targets are met.
    """
    from cli.benchmarks import bench

    bench(chart, as_json=as_json)


@souk.command()
@_with_json
def cost(as_json: bool) -> None:
    """Compute what AWS bills for 1,000 orders and for an idle month."""
    from cli.benchmarks import cost

    cost(as_json=as_json)


@souk.command()
@_with_state
@click.argument("order", required=False)
@click.option("--texts", is_flag=True, help="Print the texts of all emails, for docs/emails.md.")
@_with_json
def emails(order: str | None, texts: bool, as_json: bool) -> None:
    """List the emails to customers and staff; with ORDER, print that order's emails in full."""
    if texts:
        from infra.contracts import emails_markdown

        result(emails_markdown().rstrip())
        return
    running = _require_running()
    from cli.emails import format_emails, format_table, load_emails

    records = load_emails(running, order)
    if as_json:
        json_result({"emails": [record.as_json() for record in records]})
    elif not records:
        note("No emails were sent yet." if order is None else f"Order {order} has no emails yet.")
    else:
        result(format_emails(records) if order else format_table(records))


@souk.command()
@_with_state
@click.option(
    "--as",
    "name",
    required=True,
    metavar="NAME",
    help="Choose the demo user: ada (customer) or sam (staff).",
)
@click.option(
    "--password", is_flag=True, help="Print the password for signing in on the pages instead."
)
def token(name: str, password: bool) -> None:
    """Print a bearer token of a demo user."""
    from local import demo_users

    running = _require_running()
    result(demo_users.password(running, name) if password else demo_users.sign_in(running, name))


@souk.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
def screenshots(folder: Path | None) -> None:
    """Take screenshots of every page: desktop, dark mode, phone.

    They are written to FOLDER or docs/images/pages. The command starts a separate shop and needs
    the system's Chromium.
    """
    from cli.screenshots import DEFAULT_FOLDER, take_screenshots

    for file in take_screenshots(folder or DEFAULT_FOLDER):
        result(str(file))


@souk.command()
@click.argument("stage")
@click.option("--yes", is_flag=True, help="Apply the changes without asking, for use in CI.")
def deploy(stage: str, yes: bool) -> None:
    """Deploy STAGE (dev or prod) to your AWS account.

    Shows the changes, asks, applies them and uploads the pages. Account and region come from your
    AWS configuration.
    """
    from cli.cloud import deploy

    result(columns(list(deploy(stage, yes=yes).items())))


@souk.command()
@click.argument("stage")
@click.option(
    "--yes", is_flag=True, help="Do not ask. For prod, the name has to be typed nevertheless."
)
def destroy(stage: str, yes: bool) -> None:
    """Delete STAGE from your AWS account."""
    from cli.cloud import destroy

    destroy(stage, yes=yes)


@souk.command()
def synth() -> None:
    """Synthesize the CloudFormation template and print its folder."""
    from infra.synth import synthesize

    result(str(synthesize(note)))


@souk.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from infra.contracts import openapi

    json_result(openapi())


@souk.command()
@_with_json
def events(as_json: bool) -> None:
    """Print the events of all services, for docs/events.md; as JSON, for docs/asyncapi.json."""
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
    help="Write the SVG to this file instead of printing it.",
)
@_with_json
def map_(svg: Path | None, as_json: bool) -> None:
    """Draw the deployed architecture as SVG, for docs/images/map.svg; as JSON, its data."""
    import json

    from infra.shopmap import render_svg
    from infra.synth import map_path, synthesize

    shop_map = json.loads(map_path(synthesize(note)).read_text())
    if as_json:
        json_result(shop_map)
    elif svg:
        svg.write_text(render_svg(shop_map))
        note(f"The map is in {svg}.")
    else:
        result(render_svg(shop_map).rstrip())


@souk.command()
def orders() -> None:
    """Print the order states and the checkout workflow, for docs/orders.md."""
    from infra.contracts import orders_markdown

    result(orders_markdown().rstrip())
