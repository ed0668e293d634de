"""Another room is asked on the journey at hand, and what it raised is known by name alone."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest

from souk.edges.asking import AskedInVain, ask
from souk.kernel import aws
from souk.kernel.commands import Command
from souk.kernel.facts import Cause, caused_by


class RingBell(Command, frozen=True, kw_only=True):
    bell: str


class Rung(msgspec.Struct):
    times: int


class FakeFunctions:
    """Lambda: answers every call alike and keeps what it was asked."""

    def __init__(self, answer: object, **more: str) -> None:
        self._answer = {"Payload": io.BytesIO(json.dumps(answer).encode()), **more}
        self.asked: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.asked.append((FunctionName, json.loads(Payload)))
        return self._answer


def test_a_room_is_asked_on_the_journey_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    room = FakeFunctions({"times": 3})
    monkeypatch.setattr(aws, "functions", lambda: room)

    with caused_by(Cause("journey-1")):
        answer = ask("the-bells", RingBell(bell="east"), Rung)

    assert answer == Rung(3)
    payload = {"command": "RingBell", "correlation_id": "journey-1", "data": {"bell": "east"}}
    assert room.asked == [("the-bells", payload)]


def test_of_a_failure_only_its_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"errorType": "BellStuck", "errorMessage": "Ada's bell is stuck"}
    room = FakeFunctions(failed, FunctionError="Unhandled")
    monkeypatch.setattr(aws, "functions", lambda: room)

    with pytest.raises(AskedInVain) as told:
        ask("the-bells", RingBell(bell="east"), Rung)

    assert told.value.reason == "BellStuck"
    assert "Ada" not in str(told.value)
