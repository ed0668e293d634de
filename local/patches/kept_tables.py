"""Items and transactions are kept over a crash, and with them what `kept_streams` has."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb

from local.journal.segments import encoded
from local.patches import kept_streams
from local.patches.kept import Change, Scope, journal, noted_later
from local.patches.kept_streams import with_image

Json = dict[str, Any]

_CALLS = (
    "_put_item", "_delete_item", "_update_item", "_batch_write_item", "_transact_write_items",
    "_execute_statement", "_batch_execute_statement", "_execute_transaction",
)  # fmt: skip
_STREAM_READERS = (
    "stream_start_position", "stream_end_position", "stream_records_since", "stream_live_records",
)  # fmt: skip


def tables_are_journaled() -> None:
    """Upstream writes tables down only when it is stopped in good order.

    One call is one record, written before its answer leaves and before its stream records show;
    calls wait for one another, so that the journal has them in the order they took effect.
    """
    for name in _CALLS + _STREAM_READERS:
        setattr(dynamodb, name, _one_record(getattr(dynamodb, name)))
    dynamodb._set_item = _set_item
    dynamodb._remove_item = _remove_item
    dynamodb._items_replaced = _items_replaced
    dynamodb._txn_token_store = _remember_token
    noted_later(dynamodb._tables, _Tables)
    kept_streams.note_changes()


def _one_record(upstream: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(upstream)
    def call(*args: Any, **kwargs: Any) -> Any:
        with journal.together():
            return upstream(*args, **kwargs)

    return call


# -- items --------------------------------------------------------------------------------------

_store, _take_away = dynamodb._set_item, dynamodb._remove_item
_recount, _store_token = dynamodb._items_replaced, dynamodb._txn_token_store


def _scope(table: Json) -> Scope:
    _, _, _, region, account, _ = table["TableArn"].split(":", 5)
    return account, region, table["TableName"]


def _set_item(table: Json, pk: str, sk: str, item: Json) -> Any:
    with journal.together():
        journal.add("put", *_scope(table), item)
        return _store(table, pk, sk, item)


def _remove_item(table: Json, pk: str, sk: str) -> Any:
    with journal.together():
        journal.add("remove", *_scope(table), pk, sk)
        return _take_away(table, pk, sk)


def _items_replaced(table: Json) -> None:
    with journal.together():
        journal.add("clear", *_scope(table))
        for item in _items(table):
            journal.add("put", *_scope(table), item)
        _recount(table)


def _items(table: Json) -> Iterator[Json]:
    for partition in list(table["items"].values()):
        yield from list(partition.values())


# -- transaction tokens -------------------------------------------------------------------------


class _Signature(str):
    """Stands for a whole request: equal to one of the same content."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, request: object) -> bool:
        return super().__eq__(request if isinstance(request, str) else _signature(request))


def _signature(request: object) -> _Signature:
    return _Signature(hashlib.sha256(encoded(request)).hexdigest())


def _remember_token(token: str, entry: Json) -> None:
    entry["signature"] = _signature(entry["signature"])
    _store_token(token, entry)
    journal.add("token", get_account_id(), get_region(), token, entry)


# -- tables --------------------------------------------------------------


class _Tables(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """Gives a table that (re)appears what the journal has of it."""

    __slots__ = ()

    def __setitem__(self, name: str, table: Json) -> None:
        with journal.together():
            super().__setitem__(name, table)
            for change in _waiting.pop((get_account_id(), get_region(), name), []):
                replay(change)

    def pop(self, name: str, *default: Any) -> Any:
        with journal.together():
            journal.add("clear", get_account_id(), get_region(), name)
            return super().pop(name, *default)


# -- what a checkpoint writes, and how changes are made again -----------------------------------


def settings() -> Json:
    """Everything about tables but their items."""
    tables = AccountRegionScopedDict()
    for scope, table in dynamodb._tables.all_items():
        left_out: Json = {"items": {}, dynamodb._INDEX_MEMBERS: None, "ItemCount": 0}
        kept = {key: left_out.get(key, value) for key, value in table.items()}
        tables.set_scoped(*scope, {key: value for key, value in kept.items() if value is not None})
    stores = (
        "tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights",
        "backups", "resource_policies", "exports", "imports",
    )  # fmt: skip
    return {"tables": tables, **{name: getattr(dynamodb, f"_{name}") for name in stores}}


def changes() -> Iterator[Change]:
    """What leads from the settings alone to what there is now.

    Call it at the very moment a log begins. Items may be read later: their changes since are in
    the log, and the last one counts. A stream's records are those of this moment.
    """
    streams = kept_streams.changes()
    tokens = dynamodb._txn_idempotency.all_items()
    waiting = [change for changes in _waiting.values() for change in changes]

    def read() -> Iterator[Change]:
        for scope, table in dynamodb._tables.all_items():
            yield from (["put", *scope, item] for item in _items(table))
        yield from streams
        yield from (["token", *scope, entry] for scope, entry in tokens)
        yield from waiting

    return read()


_waiting: defaultdict[Scope, list[Change]] = defaultdict(list)  # for tables not yet there


def replay(change: Change) -> None:
    """Make a change again."""
    kind, account, region, name, *rest = change
    _REPLAY[kind]((account, region, name), *rest)


def _put_again(scope: Scope, item: Json, record: Json | None = None) -> None:
    table = dynamodb._tables.get_scoped(*scope)
    if table is None:
        _waiting[scope].append(["put", *scope, item])
    else:
        _store(table, *_key_of(table, item), item)
    if record:
        kept_streams.record_again(scope, with_image(record, item))


def _key_of(table: Json, item: Json) -> tuple[str, str]:
    value = dynamodb._extract_key_val
    sort = table["sk_name"]
    return value(item.get(table["pk_name"])), value(item.get(sort)) if sort else "__no_sort__"


def _remove_again(scope: Scope, pk: str, sk: str) -> None:
    table = dynamodb._tables.get_scoped(*scope)
    if table is None:
        _waiting[scope].append(["remove", *scope, pk, sk])
        return
    _take_away(table, pk, sk)


def _clear_again(scope: Scope) -> None:
    _waiting.pop(scope, None)
    if table := dynamodb._tables.get_scoped(*scope):
        table["items"] = defaultdict(dict)
        _recount(table)


_REPLAY: dict[str, Callable[..., None]] = {
    "put": _put_again,
    "remove": _remove_again,
    "clear": _clear_again,
    **kept_streams.REPLAY,
    "token": lambda scope, entry: dynamodb._txn_idempotency.set_scoped(
        *scope, {**entry, "signature": _Signature(entry["signature"])}
    ),
}
