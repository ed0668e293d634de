"""`./souk deploy` and `destroy`: a stage in the user's AWS account. Both ask before a change."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import boto3
import click

from cli.output import columns, note
from infra import account
from infra.change_set import Change
from infra.destroy import StackResource, destroy_stack
from infra.pages import upload_pages
from infra.publish import Declined, publish
from infra.stack import ResourceEvent, Stack
from infra.stages import STAGES, stack_name
from infra.synth import synthesize


def deploy(stage: str, *, yes: bool) -> Mapping[str, str]:
    """Deploy the stage's stack and upload its pages. Returns the stack's outputs."""
    _require_stage(stage)
    session = account.create_session()
    with account.account_errors(session.region_name):
        target = account.require_bootstrap(session)
        assembly = synthesize(note, "arm64")
        note(f"Deploying {stack_name(stage)}, account {target.account}, region {target.region}")

        def confirm(changes: Sequence[Change]) -> bool:
            note(_changes_table(changes))
            return yes or _prompt("Apply these changes? [y/N]").lower() in ("y", "yes")

        try:
            published = publish(
                assembly, stack_name(stage), session, confirm=confirm, on_event=_print_event
            )
        except Declined as declined:
            raise click.ClickException(str(declined)) from declined
        note("Deployed." if published.changed else "No changes: the stack is up to date.")
        upload_pages(assembly, published.outputs, session)
    note("The pages are uploaded.")
    return published.outputs


def destroy(stage: str, *, yes: bool) -> None:
    """Delete the stage's stack. For a protected stage, the user has to type its name."""
    _require_stage(stage)
    session = account.create_session()
    protected = STAGES[stage].protected

    def confirm(kept: Sequence[StackResource]) -> bool:
        note(_deletion_notice(stage, session.region_name, kept))
        if protected:
            return _prompt(f"Type the stage's name, {stage}, to destroy it:") == stage
        return yes or _prompt("Destroy it? [y/N]").lower() in ("y", "yes")

    with account.account_errors(session.region_name):
        if not destroy_stack(stack_name(stage), session, confirm=confirm, on_event=_print_event):
            raise click.ClickException(f"{stack_name(stage)} was not changed.")
    note("Destroyed.")


def outputs(stage: str) -> Mapping[str, str]:
    """The outputs of the deployed stage's stack."""
    with deployed_stack(stage) as (_, stack):
        return stack.outputs()


@contextmanager
def deployed_stack(stage: str) -> Iterator[tuple[boto3.Session, Stack]]:
    """A session in the user's account and the stage's stack.

    AWS errors inside the block are raised as AccountError, one sentence for the user.
    Raises click.ClickException for an unknown stage or one that is not deployed.
    """
    _require_stage(stage)
    session = account.create_session()
    with account.account_errors(session.region_name):
        stack = Stack(session.client("cloudformation"), stack_name(stage))
        if stack.status() is None:
            raise click.ClickException(
                f"There is no stack {stack.name} in {session.region_name}."
                f" Deploy it with: ./souk deploy {stage}"
            )
        yield session, stack


def _require_stage(stage: str) -> None:
    if stage not in STAGES:
        raise click.ClickException(
            f"There is no stage {stage!r}. The stages are {' and '.join(STAGES)}."
        )


def _changes_table(changes: Sequence[Change]) -> str:
    if not changes:
        return "No resource changes, only outputs or descriptions."
    head = ("action", "resource", "type", "replaced", "")
    return columns([head, *map(_change_row, changes)])


def _change_row(change: Change) -> tuple[str, str, str, str, str]:
    warning = click.style("LOSES ITS DATA", fg="red", bold=True) if change.loses_data else ""
    replaced = {"True": "yes", "Conditional": "perhaps"}.get(change.replacement, "")
    return change.action, change.logical_id, change.type, replaced, warning


def _deletion_notice(stage: str, region: str, kept: Sequence[StackResource]) -> str:
    notice = f"{stack_name(stage)} in {region} will be deleted. "
    if not kept:
        return notice + "All its data will be deleted, too."
    table = columns([("kept", "name"), *((each.type, each.name) for each in kept)])
    return notice + f"These resources stay in the account, with their data and costs:\n{table}"


def _prompt(question: str) -> str:
    """The user's answer, without surrounding white space. Raises click.ClickException at EOF."""
    click.echo(f"{question} ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise click.ClickException("There was no answer to the question. Nothing was changed.")
    return line.strip()


def _print_event(event: ResourceEvent) -> None:
    reason = f"  {event.reason}" if event.status.endswith("_FAILED") else ""
    note(f"{event.status:<20} {event.logical_id} ({event.type}){reason}")
