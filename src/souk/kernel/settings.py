"""Settings that a function reads from its environment variables when it starts."""

from __future__ import annotations

import os
from typing import TypeVar

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Base of a service's settings: field `table_name` is read from `TABLE_NAME`."""


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(settings: type[SettingsT]) -> SettingsT:
    """Raises RuntimeError that names the missing or invalid variable."""
    try:
        return msgspec.convert(dict(os.environ), settings, strict=False)
    except msgspec.ValidationError as error:
        raise RuntimeError(f"invalid environment of the function: {error}") from error
