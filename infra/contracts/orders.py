"""Generates docs/orders.md: order statuses and the checkout workflow, with diagrams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from souk.ordering import domain

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

CHECKOUT_DEFINITION = Path(domain.__file__).with_name("checkout.asl.json")


def markdown() -> str:
    """The text of `docs/orders.md`."""
    definition: Json = json.loads(CHECKOUT_DEFINITION.read_text())
    lines = [*_status_section(), *_rejection_section(), *_workflow_section(definition)]
    return "\n".join(lines) + "\n"


def _status_section() -> Iterator[str]:
    yield "# Order statuses"
    yield ""
    yield "Generated from ordering's `domain.py` and `checkout.asl.json` by `./souk orders`. Do not"
    yield "edit."
    yield ""
    yield "During checkout, the order's row decides: payment and stock are released only after the"
    yield "order is `rejecting`. After that, the delivery service decides whether a `confirmed`"
    yield "order is dispatched or cancelled"
    yield "([decision 18](decisions/0018-the-shipments-row-decides.md))."
    yield ""
    yield "```mermaid\nstateDiagram-v2"
    yield f"    [*] --> {next(iter(domain.STATUS_TRANSITIONS)).value}"
    for status, next_statuses in domain.STATUS_TRANSITIONS.items():
        for next_status in next_statuses:
            yield f"    {status.value} --> {next_status.value}"
        if not next_statuses:
            yield f"    {status.value} --> [*]"
    yield "```"
    yield ""
    yield "| status | meaning |\n|---|---|"
    for status, description in domain.STATUS_DESCRIPTIONS.items():
        yield f"| `{status.value}` | {description} |"


def _rejection_section() -> Iterator[str]:
    yield ""
    yield "| rejection reason | message to the customer |\n|---|---|"
    for reason, message in domain.REJECTION_MESSAGES.items():
        yield f"| `{reason}` | {message} |"


def _workflow_section(definition: Json) -> Iterator[str]:
    yield ""
    yield "## The checkout workflow"
    yield ""
    yield "One execution per order, named by the order's id. If it ends without a decision, the"
    yield "reconciler starts another one, named by the id and a number."
    yield ""
    yield "```mermaid\nstateDiagram-v2"
    yield f"    [*] --> {definition['StartAt']}"
    for name, state in definition["States"].items():
        yield from _transitions(name, state)
    yield "```"


def _transitions(name: str, state: Json) -> Iterator[str]:
    if state["Type"] == "Choice":
        yield f"    state {name} <<choice>>"
    for choice in state.get("Choices", []):
        yield f"    {name} --> {choice['Next']}: {choice['StringEquals']}"
    for catch in state.get("Catch", []):
        yield f"    {name} --> {catch['Next']}: {', '.join(catch['ErrorEquals'])}"
    for key in ("Next", "Default"):
        if key in state:
            yield f"    {name} --> {state[key]}" + (": else" if key == "Default" else "")
    if state["Type"] == "Succeed":
        yield f"    {name} --> [*]"
