"""What a function is told by its environment, checked before it does anything."""

from __future__ import annotations

import os
from typing import TypeVar

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Base of a room's settings: field `table_name` is read from `TABLE_NAME`."""


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Raises RuntimeError naming the variable that is missing or unfit."""
    try:
        return msgspec.convert(dict(os.environ), kind, strict=False)
    except msgspec.ValidationError as error:
        raise RuntimeError(f"the function's environment is unfit: {error}") from error
