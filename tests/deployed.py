"""Invokes deployed functions, as the workflow, other services and schedules do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from local.shop import RunningShop
    from souk.kernel.commands import Command


class FunctionFailed(Exception):
    """The function raised an error; the text is the error's type and message."""


def invoke_command(shop: RunningShop, service: str, command: Command) -> Any:
    """The result of a command, from the service's function for commands."""
    payload = {
        "command": type(command).__name__,
        "correlation_id": new_id(),
        "data": msgspec.to_builtins(command),
    }
    return invoke_function(shop, f"{service}Commands", payload)


def invoke_function(shop: RunningShop, name: str, payload: object) -> Any:
    """The result of a function. `name` as in `function_name`. Raises FunctionFailed."""
    client = shop.session().client("lambda")
    response = client.invoke(FunctionName=function_name(shop, name), Payload=json.dumps(payload))
    result = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise FunctionFailed("{errorType}: {errorMessage}".format_map(result))
    return result


def function_name(shop: RunningShop, name: str) -> str:
    """The full name of a function, such as `InventoryCommands`."""
    client = shop.session().client("lambda")
    (full_name,) = (
        function["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if f"-{name}" in function["FunctionName"]
    )
    return str(full_name)


def read_log(shop: RunningShop, name: str) -> str:
    """Everything a function has logged."""
    logs = shop.session().client("logs")
    functions = shop.session().client("lambda")
    configuration = functions.get_function_configuration(FunctionName=function_name(shop, name))
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=configuration["LoggingConfig"]["LogGroup"]
    )
    return "\n".join(event["message"] for page in pages for event in page["events"])
