"""`./souk import`: which shop the file goes into, and what the person is told meanwhile."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.importing.faults import ImportRefused
from cli.importing.report import Summary, place
from cli.importing.run import bring_in, plan
from cli.opening import at_hand
from cli.say import note, progress
from local import people
from local.shop import Shop

Door = tuple[str, Callable[[], str]]  # the shop's address, and who fetches a staff token


def import_file(file: Path, told: Sequence[str], shop: Shop, stage: str | None) -> Summary:
    """Import the file into the shop at home or, with a stage, into that one."""
    planned = plan(file, told)
    for field, column in planned.columns.items():
        note(f"{field:12}  from column {column!r}")
    report = place(file, Path.cwd())
    with _at_home(shop) if stage is None else _deployed(stage) as (base_url, staff_token):
        try:
            with progress("Importing") as show:
                summary = bring_in(
                    planned,
                    base_url=base_url,
                    staff_token=staff_token,
                    report=report,
                    progress=show,
                )
        except KeyboardInterrupt:
            note(
                "Interrupted. What was imported stays;"
                " run the same command again and it goes on with the rest."
            )
            raise
    if summary.failed:
        note(f"{summary.failed} of {summary.read} lines failed; {report} says which and why.")
    return summary


@contextmanager
def _at_home(shop: Shop) -> Iterator[Door]:
    with at_hand(shop) as running:
        yield running.urls["storefront"], lambda: people.token(running, "sam")


@contextmanager
def _deployed(stage: str) -> Iterator[Door]:
    from cli.cloud import outputs

    token = os.environ.get("SOUK_TOKEN")
    if not token:
        raise ImportRefused(
            "Set SOUK_TOKEN to an access token of a member of staff;"
            " docs/deploying.md says how to get one."
        )
    yield outputs(stage)["ApiUrl"], lambda: token
