"""`./souk import`: imports a file into the local shop or a deployed stage."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.importing.errors import ImportFailed
from cli.importing.report import Summary, report_path
from cli.importing.run import import_products, plan_import
from cli.output import note, progress
from cli.start_shop import running_shop
from local import demo_users
from local.shop import Shop

ApiAccess = tuple[str, Callable[[], str]]
"""Base URL of a shop, and a function that returns a staff access token."""


def import_file(file: Path, mappings: Sequence[str], shop: Shop, stage: str | None) -> Summary:
    """Import the file into the local shop or, if `stage` is given, into that stage.

    Prints progress to stderr and writes the report to the current folder. Raises ImportFailed.
    """
    plan = plan_import(file, mappings)
    for field, column in plan.columns.items():
        note(f"{field:12}  from column {column!r}")
    report = report_path(file, Path.cwd())
    with _local_shop(shop) if stage is None else _deployed_stage(stage) as (base_url, staff_token):
        try:
            with progress("Importing") as report_progress:
                summary = import_products(
                    plan,
                    base_url=base_url,
                    staff_token=staff_token,
                    report=report,
                    progress=report_progress,
                )
        except KeyboardInterrupt:
            note(
                "Interrupted. What was imported is kept;"
                " run the same command again to import the rest."
            )
            raise
    if summary.failed:
        note(f"{summary.failed} of {summary.read} lines failed; see {report}.")
    return summary


@contextmanager
def _local_shop(shop: Shop) -> Iterator[ApiAccess]:
    with running_shop(shop) as running:
        yield running.urls["storefront"], lambda: demo_users.sign_in(running, "sam")


@contextmanager
def _deployed_stage(stage: str) -> Iterator[ApiAccess]:
    from cli.cloud import outputs

    token = os.environ.get("SOUK_TOKEN")
    if not token:
        raise ImportFailed(
            "Set SOUK_TOKEN to an access token of a staff member;"
            " docs/deploying.md says how to get one."
        )
    yield outputs(stage)["ApiUrl"], lambda: token
