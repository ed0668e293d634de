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
    """The function failed; the text is the error's name, as the workflow catches it."""


def ask(shop: Running, command: Command, journey: str = "") -> Any:
    """What inventory's one function for commands answers."""
    payload = {
        "command": type(command).__name__,
        "correlation_id": journey or new_id(),
        "data": msgspec.to_builtins(command),
    }
    client = shop.session().client("lambda")
    answer = client.invoke(FunctionName=function(shop, "Commands"), Payload=json.dumps(payload))
    found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise AskedInVain(found["errorType"])
    return found


def function(shop: Running, name: str) -> str:
    """The full name of one of inventory's functions."""
    client = shop.session().client("lambda")
    (found,) = (
        each["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if f"-Inventory{name}" in each["FunctionName"]
    )
    return str(found)
