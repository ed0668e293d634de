"""Interprets the deployed definition of the checkout workflow over services in memory.

It supports what checkout.asl.json uses: Task, Choice, Pass and Succeed states, with JSONPath.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from souk.ordering import usecases

Json = dict[str, Any]
Invoke = Callable[[str, str, Json], Json]

DEFINITION: Json = json.loads(
    Path(usecases.__file__).with_name("checkout.asl.json").read_text(encoding="utf-8")
)


class Execution:
    """One execution. `invoke(service, command, data)` returns the command's result or raises."""

    def __init__(self, order_id: str, invoke: Invoke) -> None:
        self._invoke = invoke
        self.state_name: str | None = DEFINITION["StartAt"]
        self.data: Json = {"order_id": order_id, "correlation_id": "correlation-1"}
        self.visited: list[str] = []
        self.has_failed = False
        self._attempts: dict[tuple[str, int], int] = {}

    @property
    def has_ended(self) -> bool:
        return self.state_name is None

    def step(self) -> None:
        """Run the current state; a task that is to be retried stays the current state."""
        assert self.state_name is not None
        self.visited.append(self.state_name)
        state = DEFINITION["States"][self.state_name]
        getattr(self, f"_run_{state['Type'].lower()}")(state)

    def run(self, max_steps: int = 200) -> Execution:
        while not self.has_ended and max_steps:
            self.step()
            max_steps -= 1
        assert self.has_ended, f"the workflow does not end: {self.visited[-20:]}"
        return self

    def _run_task(self, state: Json) -> None:
        parameters = _resolve(state["Parameters"], self.data)
        service, payload = parameters["FunctionName"][2:-1], parameters["Payload"]
        try:
            result = self._invoke(service, payload["command"], payload["data"])
        except Exception as error:  # noqa: BLE001  a function may raise anything
            self._handle_error(state, type(error).__name__)
            return
        self._store_result(state, _resolve(state.get("ResultSelector", {}), {"Payload": result}))
        self._move_on(state)

    def _handle_error(self, state: Json, error: str) -> None:
        assert self.state_name is not None
        for index, retrier in enumerate(state.get("Retry", [])):
            if not _matches(retrier["ErrorEquals"], error):
                continue
            key = self.state_name, index
            self._attempts[key] = self._attempts.get(key, 0) + 1
            if self._attempts[key] <= retrier["MaxAttempts"]:
                return  # the state stays the current one
            break
        for catcher in state.get("Catch", []):
            if _matches(catcher["ErrorEquals"], error):
                self.data[catcher["ResultPath"][2:]] = {"Error": error}
                self.state_name = catcher["Next"]
                return
        self.state_name, self.has_failed = None, True

    def _run_choice(self, state: Json) -> None:
        for choice in state["Choices"]:
            if _read(choice["Variable"], self.data) == choice["StringEquals"]:
                self.state_name = choice["Next"]
                return
        self.state_name = state["Default"]

    def _run_pass(self, state: Json) -> None:
        self._store_result(state, _resolve(state["Parameters"], self.data))
        self._move_on(state)

    def _run_succeed(self, _state: Json) -> None:
        self.state_name = None

    def _store_result(self, state: Json, result: Json) -> None:
        if state["ResultPath"] is not None:
            self.data[state["ResultPath"][2:]] = result

    def _move_on(self, state: Json) -> None:
        self.state_name = None if state.get("End") else state["Next"]


def _matches(names: list[str], error: str) -> bool:
    return "States.ALL" in names or "States.TaskFailed" in names or error in names


def _resolve(template: Any, data: Json) -> Any:
    """The template with its JSONPath fields, those that end in `.$`, replaced by their values."""
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): _read(value, data)
        if name.endswith(".$")
        else _resolve(value, data)
        for name, value in template.items()
    }


def _read(path: str, data: Json) -> Any:
    """`$.hold.status` is one value, `$.Payload.shortages[*].sku` a list of values."""
    value: Any = data
    for part in path[2:].split("."):
        if part.endswith("[*]"):
            value = value[part[:-3]]
        elif isinstance(value, list):
            value = [element[part] for element in value]
        else:
            value = value[part]
    return value
