"""`./souk deploy` and `destroy`: a stage in the person's own AWS account, asked before changed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import boto3
import click

from cli.say import columns, note
from infra import account
from infra.changes import Change
from infra.demolish import Held, demolish
from infra.pages import upload
from infra.publish import Declined, publish
from infra.stack import Event, Stack
from infra.stages import STAGES, stack_name
from infra.synth import synthesize


def deploy(stage: str, *, yes: bool) -> Mapping[str, str]:
    """Bring the stage to what the code says, its pages too; its outputs."""
    _check(stage)
    session = account.session()
    with account.plainly(session.region_name):
        target = account.target(session)
        assembly = synthesize(note, "arm64")
        where = f"{stack_name(stage)}, account {target.account}, region {target.region}"
        note(f"Deploying {where}")

        def agree(changes: Sequence[Change]) -> bool:
            note(_table(changes))
            return yes or _answer("Apply these changes? [y/N]").lower() in ("y", "yes")

        try:
            published = publish(assembly, stack_name(stage), session, agree=agree, watch=_tell)
        except Declined as declined:
            raise click.ClickException(str(declined)) from declined
        note("Deployed." if published.changed else "No changes: the stack is what the code says.")
        upload(assembly, published.outputs, session)
    note("The pages are up.")
    return published.outputs


def destroy(stage: str, *, yes: bool) -> None:
    """Take the stage down; a protected one only for who types its name."""
    _check(stage)
    session = account.session()
    protected = STAGES[stage].protected

    def agree(kept: Sequence[Held]) -> bool:
        note(_farewell(stage, session.region_name, kept))
        if protected:
            return _answer(f"Type its name, {stage}, to destroy it:") == stage
        return yes or _answer("Destroy it? [y/N]").lower() in ("y", "yes")

    with account.plainly(session.region_name):
        if not demolish(stack_name(stage), session, agree=agree, watch=_tell):
            raise click.ClickException(f"{stack_name(stage)} stays as it is.")
    note("Destroyed.")


def outputs(stage: str) -> Mapping[str, str]:
    """What the deployed stage says about itself."""
    with deployed(stage) as (_, stack):
        return stack.outputs()


@contextmanager
def deployed(stage: str) -> Iterator[tuple[boto3.Session, Stack]]:
    """The stage's stack in the person's account; what goes wrong inside is told in a sentence."""
    _check(stage)
    session = account.session()
    with account.plainly(session.region_name):
        stack = Stack(session.client("cloudformation"), stack_name(stage))
        if stack.status() is None:
            raise click.ClickException(
                f"There is no stack {stack.name} in {session.region_name};"
                f" deploy it with: ./souk deploy {stage}"
            )
        yield session, stack


def _check(stage: str) -> None:
    if stage not in STAGES:
        raise click.ClickException(
            f"There is no stage {stage!r}; there are {' and '.join(STAGES)}."
        )


def _table(changes: Sequence[Change]) -> str:
    if not changes:
        return "No resource changes; outputs or descriptions do."
    head = ("action", "resource", "type", "replaced", "")
    return columns([head, *map(_row, changes)])


def _row(change: Change) -> tuple[str, str, str, str, str]:
    warning = click.style("ITS DATA IS LOST", fg="red", bold=True) if change.loses_data else ""
    replaced = {"True": "yes", "Conditional": "perhaps"}.get(change.replacement, "")
    return change.action, change.logical_id, change.type, replaced, warning


def _farewell(stage: str, region: str, kept: Sequence[Held]) -> str:
    stays = columns([("kept", "name"), *((each.type, each.name) for each in kept)])
    what = f"What stays in the account, data and costs included:\n{stays}"
    return f"{stack_name(stage)} in {region} is to go. " + (
        what if kept else "All its data goes with it."
    )


def _answer(question: str) -> str:
    click.echo(f"{question} ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise click.ClickException("Nobody answered, so nothing was changed.")
    return line.strip()


def _tell(event: Event) -> None:
    reason = f"  {event.reason}" if event.status.endswith("_FAILED") else ""
    note(f"{event.status:<20} {event.logical_id} ({event.type}){reason}")
