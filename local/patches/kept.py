"""The journal of this engine, and what its parts share."""

from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from local.journal.journal import Journal

journal = Journal()

Change = list[Any]
Scope = tuple[str, str, str]  # account, region and name


def noted_later(store: AccountRegionScopedDict, kind: type[AccountRegionScopedDict]) -> None:
    """Let a store of the engine, which its modules hold already, tell of its changes."""
    store.__class__ = kind
