"""The asking edge: a direct call of another room's commands, on the journey at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from souk.kernel import aws
from souk.kernel.facts import current_cause

if TYPE_CHECKING:
    from souk.kernel.commands import Command

AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)


class AskedInVain(Exception):
    """The other room failed or refused; `reason` is the name of what it raised."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command} was answered with {reason}")
        self.reason = reason


class _Failed(msgspec.Struct):
    error_type: str = msgspec.field(name="errorType", default="no name")


def ask(function: str, command: Command, answer: type[AnswerT]) -> AnswerT:
    """What the room behind `function` answers. Raises AskedInVain.

    What it says of a failure stays in its own log: here only the failure's name is known.
    """
    name = type(command).__name__
    payload = {
        "command": name,
        "correlation_id": current_cause().correlation_id,
        "data": msgspec.to_builtins(command),
    }
    answered = aws.functions().invoke(FunctionName=function, Payload=msgspec.json.encode(payload))
    body = answered["Payload"].read()
    if "FunctionError" in answered:
        raise AskedInVain(name, msgspec.json.decode(body, type=_Failed).error_type)
    return msgspec.json.decode(body, type=answer)
