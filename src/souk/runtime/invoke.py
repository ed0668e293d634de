"""Invokes a command of another service and waits for its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from souk.kernel import aws
from souk.kernel.events import current_cause

if TYPE_CHECKING:
    from souk.kernel.commands import Command

ResultT = TypeVar("ResultT", bound=msgspec.Struct)


class CommandFailed(Exception):
    """The other service raised an error; `reason` is the name of its class."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command} failed with {reason}")
        self.reason = reason


class _FunctionError(msgspec.Struct):
    error_type: str = msgspec.field(name="errorType", default="unknown")


def invoke(function: str, command: Command, result: type[ResultT]) -> ResultT:
    """The result of `command`, which runs under the current correlation id.

    Raises CommandFailed. The error's message stays in the log of the invoked function.
    """
    name = type(command).__name__
    payload = {
        "command": name,
        "correlation_id": current_cause().correlation_id,
        "data": msgspec.to_builtins(command),
    }
    response = aws.lambda_client().invoke(
        FunctionName=function, Payload=msgspec.json.encode(payload)
    )
    body = response["Payload"].read()
    if "FunctionError" in response:
        raise CommandFailed(name, msgspec.json.decode(body, type=_FunctionError).error_type)
    return msgspec.json.decode(body, type=result)
