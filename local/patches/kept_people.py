"""Users, groups, passwords and sign-ins are kept over a crash."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from zlib import crc32

from ministack.core import persistence
from ministack.services import cognito

from local.patches.kept import Change, journal

READS = ("Get", "List", "Describe", "AdminGet", "AdminList")

Json = dict[str, Any]
Place = tuple[str, ...]


def people_are_journaled() -> None:
    """Upstream writes users down only when it is stopped in good order."""
    upstream = cognito.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], *rest: Any
    ) -> Awaitable[Any]:
        answer = await upstream(method, path, headers, *rest)
        if not headers.get("x-amz-target", "").rpartition(".")[2].startswith(READS):
            note_changes()
        return answer  # type: ignore[no-any-return]

    cognito.handle_request = handle_request


_noted: dict[Place, int] = {}  # what the journal has, by checksum


def note_changes() -> None:
    """Journal who came, left or changed. It looks at everybody: at home they are few."""
    with journal.together():
        now = {place: _text(value) for place, value in _places()}
        for place, text in now.items():
            if _noted.get(place) != crc32(text.encode()):
                journal.add("person", place, text)
        for place in _noted.keys() - now.keys():
            journal.add("person", place, None)
        _noted.clear()
        _noted.update({place: crc32(text.encode()) for place, text in now.items()})


def _text(value: object) -> str:
    return json.dumps(value, default=persistence._json_default)


def _places() -> Iterator[tuple[Place, Any]]:
    for scope, pool in cognito._user_pools.all_items():
        yield ("pool", *scope), {key: value for key, value in pool.items() if key != "_users"}
        for name, user in pool["_users"].items():
            yield ("user", *scope, name), user
    for token, entry in cognito._refresh_tokens.items():
        yield ("refresh", token), entry
    for token in cognito._revoked_tokens:
        yield ("revoked", token), True


def replay(change: Change) -> None:
    """Make a change again."""
    _, (kind, *place), text = change
    value = text and json.loads(text, object_hook=persistence._json_object_hook)
    _REPLAY[kind](place, value)


def _pool_again(scope: list[str], pool: Json | None) -> None:
    if pool is None:
        cognito._user_pools.pop_scoped(*scope, None)
    else:
        known = cognito._user_pools.get_scoped(*scope) or {"_users": {}}
        cognito._user_pools.set_scoped(*scope, {**pool, "_users": known["_users"]})


def _user_again(place: list[str], user: Json | None) -> None:
    *scope, name = place
    if pool := cognito._user_pools.get_scoped(*scope):
        _put_or_pop(pool["_users"], name, user)


def _put_or_pop(store: Json, key: str, value: Any) -> None:
    if value is None:
        store.pop(key, None)
    else:
        store[key] = value


def _revoked_again(place: list[str], revoked: bool | None) -> None:
    (cognito._revoked_tokens.add if revoked else cognito._revoked_tokens.discard)(place[0])


_REPLAY: dict[str, Callable[..., None]] = {
    "pool": _pool_again,
    "user": _user_again,
    "refresh": lambda place, entry: _put_or_pop(cognito._refresh_tokens, place[0], entry),
    "revoked": _revoked_again,
}
