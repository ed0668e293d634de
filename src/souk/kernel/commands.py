"""Commands: what one room asks another to do, directly, and waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done now. Named in the imperative; ids and values only.

    Asked twice with the same ids, it is done once and answered the same.
    """


Does = Mapping[type[Command], Callable[[Any], msgspec.Struct]]
"""What a room can be asked: the command's class, and the use case that answers it."""
