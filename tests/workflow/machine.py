"""Walks the deployed definition of the checkout workflow, step by step, over rooms in memory.

It knows just what checkout.asl.json uses: Task, Choice, Pass and Succeed, with JSONPath.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from souk.ordering import usecases

Json = dict[str, Any]
Ask = Callable[[str, str, Json], Json]

DEFINITION: Json = json.loads(
    Path(usecases.__file__).with_name("checkout.asl.json").read_text(encoding="utf-8")
)


class Execution:
    """One execution. `ask(room, command, data)` answers a command, or raises."""

    def __init__(self, order_id: str, ask: Ask) -> None:
        self._ask = ask
        self.at: str | None = DEFINITION["StartAt"]
        self.data: Json = {"order_id": order_id, "correlation_id": "journey-1"}
        self.walked: list[str] = []
        self.failed = False
        self._tries: dict[tuple[str, int], int] = {}

    @property
    def is_over(self) -> bool:
        return self.at is None

    def step(self) -> None:
        """One state, or one more try of it."""
        assert self.at is not None
        self.walked.append(self.at)
        state = DEFINITION["States"][self.at]
        getattr(self, f"_{state['Type'].lower()}")(state)

    def run(self, most: int = 200) -> Execution:
        while not self.is_over and most:
            self.step()
            most -= 1
        assert self.is_over, f"it goes round in circles: {self.walked[-20:]}"
        return self

    def _task(self, state: Json) -> None:
        wanted = _filled(state["Parameters"], self.data)
        payload = wanted["Payload"]
        try:
            answer = self._ask(wanted["FunctionName"][2:-1], payload["command"], payload["data"])
        except Exception as error:  # noqa: BLE001  a function may raise anything
            self._failed(state, type(error).__name__)
            return
        self._put(state, _filled(state.get("ResultSelector", {}), {"Payload": answer}))
        self._go(state)

    def _failed(self, state: Json, error: str) -> None:
        assert self.at is not None
        for number, retrier in enumerate(state.get("Retry", [])):
            if not _matches(retrier["ErrorEquals"], error):
                continue
            tried = self._tries[self.at, number] = self._tries.get((self.at, number), 0) + 1
            if tried <= retrier["MaxAttempts"]:
                return  # it stands where it stood
            break
        for catcher in state.get("Catch", []):
            if _matches(catcher["ErrorEquals"], error):
                self.data[catcher["ResultPath"][2:]] = {"Error": error}
                self.at = catcher["Next"]
                return
        self.at, self.failed = None, True

    def _choice(self, state: Json) -> None:
        for choice in state["Choices"]:
            if _at(choice["Variable"], self.data) == choice["StringEquals"]:
                self.at = choice["Next"]
                return
        self.at = state["Default"]

    def _pass(self, state: Json) -> None:
        self._put(state, _filled(state["Parameters"], self.data))
        self._go(state)

    def _succeed(self, _state: Json) -> None:
        self.at = None

    def _put(self, state: Json, result: Json) -> None:
        if state["ResultPath"] is not None:
            self.data[state["ResultPath"][2:]] = result

    def _go(self, state: Json) -> None:
        self.at = None if state.get("End") else state["Next"]


def _matches(names: list[str], error: str) -> bool:
    return "States.ALL" in names or "States.TaskFailed" in names or error in names


def _filled(template: Any, data: Json) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): _at(value, data) if name.endswith(".$") else _filled(value, data)
        for name, value in template.items()
    }


def _at(path: str, data: Json) -> Any:
    """`$.stock.status`, or `$.Payload.shortages[*].sku` for the list of all."""
    found: Any = data
    for part in path[2:].split("."):
        if part.endswith("[*]"):
            found = found[part[:-3]]
        elif isinstance(found, list):
            found = [each[part] for each in found]
        else:
            found = found[part]
    return found
