"""A deployed room's functions, asked as the workflow and the clock ask them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from local.shop import Running
    from souk.kernel.commands import Command


class AskedInVain(Exception):
    """The function failed; the text is the error's name and what it said."""


def ask(shop: Running, room: str, command: Command) -> Any:
    """What a room's one function for commands answers."""
    payload = {
        "command": type(command).__name__,
        "correlation_id": new_id(),
        "data": msgspec.to_builtins(command),
    }
    return invoke(shop, f"{room}Commands", payload)


def invoke(shop: Running, name: str, payload: object) -> Any:
    """What a function answers, named by its room and what it does there."""
    client = shop.session().client("lambda")
    answer = client.invoke(FunctionName=function(shop, name), Payload=json.dumps(payload))
    found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise AskedInVain("{errorType}: {errorMessage}".format_map(found))
    return found


def function(shop: Running, name: str) -> str:
    """The full name of a function, such as `InventoryCommands`."""
    client = shop.session().client("lambda")
    (found,) = (
        each["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if f"-{name}" in each["FunctionName"]
    )
    return str(found)


def log(shop: Running, name: str) -> str:
    """All that a function has written."""
    client = shop.session().client("lambda")
    logs = shop.session().client("logs")
    found = client.get_function_configuration(FunctionName=function(shop, name))
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=found["LoggingConfig"]["LogGroup"]
    )
    return "\n".join(event["message"] for page in pages for event in page["events"])
