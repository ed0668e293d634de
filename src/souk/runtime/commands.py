"""Runs the commands of a service, invoked by a workflow or another service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel.events import Cause, caused_by
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from souk.kernel.commands import Commands


class CommandRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of an invocation: class name and fields of the command, and correlation id."""

    command: str
    correlation_id: str
    data: dict[str, Any]


class UnknownCommand(Exception):
    """The service has no such command, or the command has other fields."""


def command_handler(commands: Commands) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that runs one command per invocation and returns its result.

    Raises UnknownCommand. An exception of the command's handler reaches the caller under its class
    name, for Retry and Catch of a workflow.
    """
    by_name = {command.__name__: (command, handler) for command, handler in commands.items()}

    def handle(event: dict[str, Any], _context: LambdaContext) -> Any:
        try:
            request = msgspec.convert(event, CommandRequest)
            command_type, handler = by_name[request.command]
            command = msgspec.convert(request.data, command_type)
        except (msgspec.ValidationError, KeyError) as error:
            raise UnknownCommand(f"not a command of this service: {error!r}") from error
        logger.append_keys(correlation_id=request.correlation_id)
        with caused_by(Cause(request.correlation_id)):
            result = handler(command)
        logger.info("command completed", command=request.command)
        return msgspec.to_builtins(result)

    return handle
