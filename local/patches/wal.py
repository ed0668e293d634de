"""The engine's write-ahead log, and what the `durable_*` patches share."""

from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from local.wal.log import WriteAheadLog

wal = WriteAheadLog()

Change = list[Any]
"""A change in a record: its type, then its values. Each module replays the types it writes."""

Scope = tuple[str, str, str]  # account, region and name


def replace_class(store: AccountRegionScopedDict, subclass: type[AccountRegionScopedDict]) -> None:
    """Make a store of MiniStack record its changes.

    The class of the object is replaced, not the object, because other modules refer to it.
    """
    store.__class__ = subclass
