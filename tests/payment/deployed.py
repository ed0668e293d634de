"""The deployed room, asked as the workflow asks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from local.shop import Running
    from souk.kernel.commands import Command


class AskedInVain(Exception):
    """The function failed; the text is what it said."""


def ask(shop: Running, command: Command) -> Any:
    """What payment's one function for commands answers."""
    payload = {
        "command": type(command).__name__,
        "correlation_id": new_id(),
        "data": msgspec.to_builtins(command),
    }
    return invoke(shop, "Commands", payload)


def invoke(shop: Running, name: str, payload: object) -> Any:
    client = shop.session().client("lambda")
    answer = client.invoke(FunctionName=function(shop, name), Payload=json.dumps(payload))
    found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise AskedInVain(found["errorMessage"])
    return found


def function(shop: Running, name: str) -> str:
    """The full name of one of payment's functions."""
    client = shop.session().client("lambda")
    (found,) = (
        each["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if f"-Payment{name}" in each["FunctionName"]
    )
    return str(found)


def log(shop: Running, name: str) -> str:
    """All that one of payment's functions has written."""
    logs = shop.session().client("logs")
    group = (
        shop.session()
        .client("lambda")
        .get_function_configuration(FunctionName=function(shop, name))["LoggingConfig"]["LogGroup"]
    )
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return "\n".join(event["message"] for page in pages for event in page["events"])
