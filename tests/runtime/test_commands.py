"""A command handler runs one command and returns its result; it refuses anything else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from souk.kernel.commands import Command
from souk.kernel.errors import Busy
from souk.kernel.events import current_cause
from souk.runtime.commands import UnknownCommand, command_handler
from tests.kernel.builders import CONTEXT


class RingBell(Command, frozen=True, kw_only=True):
    bell: str


class RingBellResult(msgspec.Struct):
    bell: str
    correlation_id: str


def _ring_bell(command: RingBell) -> RingBellResult:
    if command.bell == "stuck":
        raise Busy("Another request is ringing this bell.")
    return RingBellResult(command.bell, current_cause().correlation_id)


def _invoke(**changes: Any) -> Any:
    payload = {"command": "RingBell", "correlation_id": "correlation-1", "data": {"bell": "b-1"}}
    return command_handler({RingBell: _ring_bell})(payload | changes, CONTEXT)


def test_a_command_returns_json_and_runs_under_the_callers_correlation_id() -> None:
    assert _invoke() == {"bell": "b-1", "correlation_id": "correlation-1"}


def test_an_exception_of_the_handler_reaches_the_caller() -> None:
    with pytest.raises(Busy):
        _invoke(data={"bell": "stuck"})


@pytest.mark.parametrize(
    "changes", [{"command": "BreakBell"}, {"data": {"bell": 1}}, {"data": {}}, {"data": None}]
)
def test_an_unknown_command_or_invalid_fields_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnknownCommand):
        _invoke(**changes)
