"""Commands: synchronous requests from a workflow or another service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A request to do something now. Named in the imperative; carries ids and typed values only.

    Commands are idempotent: repeated with the same ids, one takes effect once and returns the
    same result.
    """


Commands = Mapping[type[Command], Callable[[Any], msgspec.Struct]]
"""The commands a service answers: command class to handler."""
