"""A command of another service runs under the current correlation id; errors are known by name."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest

from souk.kernel import aws
from souk.kernel.commands import Command
from souk.kernel.events import Cause, caused_by
from souk.runtime.invoke import CommandFailed, invoke


class RingBell(Command, frozen=True, kw_only=True):
    bell: str


class RingBellResult(msgspec.Struct):
    times: int


class FakeLambda:
    """Lambda. Returns the same response to every call and records the invocations."""

    def __init__(self, payload: object, **fields: str) -> None:
        self._response = {"Payload": io.BytesIO(json.dumps(payload).encode()), **fields}
        self.invocations: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.invocations.append((FunctionName, json.loads(Payload)))
        return self._response


def test_a_command_runs_under_the_current_correlation_id(monkeypatch: pytest.MonkeyPatch) -> None:
    lambda_client = FakeLambda({"times": 3})
    monkeypatch.setattr(aws, "lambda_client", lambda: lambda_client)

    with caused_by(Cause("correlation-1")):
        result = invoke("the-bells", RingBell(bell="east"), RingBellResult)

    assert result == RingBellResult(3)
    payload = {"command": "RingBell", "correlation_id": "correlation-1", "data": {"bell": "east"}}
    assert lambda_client.invocations == [("the-bells", payload)]


def test_a_failed_command_raises_the_name_of_its_error_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error_payload = {"errorType": "BellStuck", "errorMessage": "Ada's bell is stuck"}
    lambda_client = FakeLambda(error_payload, FunctionError="Unhandled")
    monkeypatch.setattr(aws, "lambda_client", lambda: lambda_client)

    with pytest.raises(CommandFailed) as error:
        invoke("the-bells", RingBell(bell="east"), RingBellResult)

    assert error.value.reason == "BellStuck"
    assert "Ada" not in str(error.value)
