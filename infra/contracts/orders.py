"""An order's states and its checkout workflow as a page with pictures, drawn from both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from souk.ordering import domain

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

CHECKOUT = Path(domain.__file__).with_name("checkout.asl.json")


def markdown() -> str:
    """The page `docs/orders.md`."""
    workflow: Json = json.loads(CHECKOUT.read_text())
    return "\n".join([*_states(), *_reasons(), *_workflow(workflow)]) + "\n"


def _states() -> Iterator[str]:
    yield "# An order's states"
    yield ""
    yield "Generated from ordering's `domain.py` and `checkout.asl.json` by `./souk orders`; do not"
    yield "edit. The order's row is the one arbiter of its checkout: nothing is undone before it is"
    yield "`rejecting`. Once it is `confirmed`, its shipment's row decides whether it is sent or"
    yield "cancelled ([decision 18](decisions/0018-the-shipments-row-decides.md))."
    yield ""
    yield "```mermaid\nstateDiagram-v2"
    yield f"    [*] --> {next(iter(domain.CHANGES)).value}"
    for status, following in domain.CHANGES.items():
        for after in following:
            yield f"    {status.value} --> {after.value}"
        if not following:
            yield f"    {status.value} --> [*]"
    yield "```"
    yield ""
    yield "| state | what it means |\n|---|---|"
    for status, meaning in domain.MEANS.items():
        yield f"| `{status.value}` | {meaning} |"


def _reasons() -> Iterator[str]:
    yield ""
    yield "| reason of a rejection | its customer reads |\n|---|---|"
    for reason, sentence in domain.SENTENCES.items():
        yield f"| `{reason}` | {sentence} |"


def _workflow(workflow: Json) -> Iterator[str]:
    yield ""
    yield "## The checkout workflow"
    yield ""
    yield "One execution per order, named by the order's id."
    yield ""
    yield "```mermaid\nstateDiagram-v2"
    yield f"    [*] --> {workflow['StartAt']}"
    for name, state in workflow["States"].items():
        yield from _arrows(name, state)
    yield "```"


def _arrows(name: str, state: Json) -> Iterator[str]:
    if state["Type"] == "Choice":
        yield f"    state {name} <<choice>>"
    for choice in state.get("Choices", []):
        yield f"    {name} --> {choice['Next']}: {choice['StringEquals']}"
    for catch in state.get("Catch", []):
        yield f"    {name} --> {catch['Next']}: {', '.join(catch['ErrorEquals'])}"
    for after in ("Next", "Default"):
        if after in state:
            yield f"    {name} --> {state[after]}" + (": else" if after == "Default" else "")
    if state["Type"] == "Succeed":
        yield f"    {name} --> [*]"
