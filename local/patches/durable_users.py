"""Makes users, groups, passwords and sessions of Cognito durable."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from zlib import crc32

from ministack.core import persistence
from ministack.services import cognito

from local.patches.wal import Change, wal

READ_OPERATIONS = ("Get", "List", "Describe", "AdminGet", "AdminList")  # prefixes

Json = dict[str, Any]
EntryKey = tuple[str, ...]  # kind of the entry, then what identifies it


def persist_users() -> None:
    """MiniStack saves users only when it is stopped; a crash loses every change since the start.

    Each call that may change users now records the differences before its response is sent.
    """
    upstream = cognito.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], *rest: Any
    ) -> Awaitable[Any]:
        response = await upstream(method, path, headers, *rest)
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation.startswith(READ_OPERATIONS):
            record_changes()
        return response  # type: ignore[no-any-return]

    cognito.handle_request = handle_request


_recorded: dict[EntryKey, int] = {}
"""The entries in the log, by checksum of their content."""


def record_changes() -> None:
    """Record the entries that differ from the log. Compares all of them: a local shop has few."""
    with wal.atomic():
        current = {key: _to_json(value) for key, value in _entries()}
        for key, text in current.items():
            if _recorded.get(key) != crc32(text.encode()):
                wal.append("user", key, text)
        for key in _recorded.keys() - current.keys():
            wal.append("user", key, None)
        _recorded.clear()
        _recorded.update({key: crc32(text.encode()) for key, text in current.items()})


def _to_json(value: object) -> str:
    return json.dumps(value, default=persistence._json_default)


def _entries() -> Iterator[tuple[EntryKey, Any]]:
    for scope, pool in cognito._user_pools.all_items():
        yield ("pool", *scope), {key: value for key, value in pool.items() if key != "_users"}
        for name, user in pool["_users"].items():
            yield ("user", *scope, name), user
    for token, entry in cognito._refresh_tokens.items():
        yield ("refresh", token), entry
    for token in cognito._revoked_tokens:
        yield ("revoked", token), True


def replay(change: Change) -> None:
    _, (kind, *key), text = change
    value = text and json.loads(text, object_hook=persistence._json_object_hook)
    _REPLAY[kind](key, value)


def _replay_pool(scope: list[str], pool: Json | None) -> None:
    if pool is None:
        cognito._user_pools.pop_scoped(*scope, None)
    else:
        existing = cognito._user_pools.get_scoped(*scope) or {"_users": {}}
        cognito._user_pools.set_scoped(*scope, {**pool, "_users": existing["_users"]})


def _replay_user(key: list[str], user: Json | None) -> None:
    *scope, name = key
    if pool := cognito._user_pools.get_scoped(*scope):
        _set_or_delete(pool["_users"], name, user)


def _set_or_delete(store: Json, key: str, value: Any) -> None:
    if value is None:
        store.pop(key, None)
    else:
        store[key] = value


def _replay_revocation(key: list[str], is_revoked: bool | None) -> None:
    (cognito._revoked_tokens.add if is_revoked else cognito._revoked_tokens.discard)(key[0])


_REPLAY: dict[str, Callable[..., None]] = {
    "pool": _replay_pool,
    "user": _replay_user,
    "refresh": lambda key, entry: _set_or_delete(cognito._refresh_tokens, key[0], entry),
    "revoked": _replay_revocation,
}
