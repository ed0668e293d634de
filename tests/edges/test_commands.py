"""A command is done once asked, answered, and told apart from what is none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from souk.edges.commands import UnknownCommand, commands
from souk.kernel.commands import Command
from souk.kernel.errors import Busy
from souk.kernel.facts import current_cause
from tests.kernel.builders import CONTEXT


class RingBell(Command, frozen=True, kw_only=True):
    bell: str


class Rung(msgspec.Struct):
    bell: str
    journey: str


def _ring(wish: RingBell) -> Rung:
    if wish.bell == "stuck":
        raise Busy("somebody else is ringing it")
    return Rung(wish.bell, current_cause().correlation_id)


def _ask(**changes: Any) -> Any:
    asked = {"command": "RingBell", "correlation_id": "journey-1", "data": {"bell": "b-1"}}
    return commands({RingBell: _ring})(asked | changes, CONTEXT)


def test_a_command_is_answered_as_plain_json_on_its_callers_journey() -> None:
    assert _ask() == {"bell": "b-1", "journey": "journey-1"}


def test_what_a_use_case_raises_reaches_the_caller_under_its_name() -> None:
    with pytest.raises(Busy):
        _ask(data={"bell": "stuck"})


@pytest.mark.parametrize(
    "wrong", [{"command": "BreakBell"}, {"data": {"bell": 1}}, {"data": {}}, {"data": None}]
)
def test_what_is_no_command_of_the_room_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnknownCommand):
        _ask(**wrong)
