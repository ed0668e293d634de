"""The command edge: a direct call of one room by a workflow or another room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel.facts import Cause, caused_by
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from souk.kernel.commands import Does


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of a call: the command's class name, its fields, the journey it belongs to."""

    command: str
    correlation_id: str
    data: dict[str, Any]


class UnknownCommand(Exception):
    """The caller asks for what this room does not do, or with fields it does not know."""


def commands(does: Does) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that answers one command a call by `does`.

    What a use case raises reaches the caller under its class name, for Retry and Catch.
    """
    by_name = {command.__name__: (command, use_case) for command, use_case in does.items()}

    def handle(event: dict[str, Any], _context: LambdaContext) -> Any:
        try:
            asked = msgspec.convert(event, Asked)
            command, use_case = by_name[asked.command]
            wish = msgspec.convert(asked.data, command)
        except (msgspec.ValidationError, KeyError) as error:
            raise UnknownCommand(f"not a command of this room: {error!r}") from error
        logger.append_keys(correlation_id=asked.correlation_id)
        with caused_by(Cause(asked.correlation_id)):
            answer = use_case(wish)
        logger.info("done", command=asked.command)
        return msgspec.to_builtins(answer)

    return handle
