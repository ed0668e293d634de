"""Makes DynamoDB tables durable: items, transactions and their idempotency tokens."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb

from local.patches import durable_streams
from local.patches.durable_streams import with_image
from local.patches.wal import Change, Scope, replace_class, wal
from local.wal.segments import encode_json

Json = dict[str, Any]

_WRITE_OPERATIONS = (
    "_put_item", "_delete_item", "_update_item", "_batch_write_item", "_transact_write_items",
    "_execute_statement", "_batch_execute_statement", "_execute_transaction",
)  # fmt: skip
_STREAM_READERS = (
    "stream_start_position", "stream_end_position", "stream_records_since", "stream_live_records",
)  # fmt: skip


def persist_tables() -> None:
    """MiniStack saves tables only when it is stopped; a crash loses every change since the start.

    Each call is now one record in the write-ahead log. It is written before the call's response
    is sent and before its stream records are visible. Calls wait for each other, so that the
    records are in the order in which the calls took effect.
    """
    for name in _WRITE_OPERATIONS + _STREAM_READERS:
        setattr(dynamodb, name, _atomic(getattr(dynamodb, name)))
    dynamodb._set_item = _set_item
    dynamodb._remove_item = _remove_item
    dynamodb._items_replaced = _replace_items
    dynamodb._txn_token_store = _store_token
    replace_class(dynamodb._tables, _Tables)
    durable_streams.persist_streams()


def _atomic(upstream: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(upstream)
    def call(*args: Any, **kwargs: Any) -> Any:
        with wal.atomic():
            return upstream(*args, **kwargs)

    return call


# -- items --------------------------------------------------------------------------------------

_upstream_set_item, _upstream_remove_item = dynamodb._set_item, dynamodb._remove_item
_upstream_items_replaced = dynamodb._items_replaced
_upstream_store_token = dynamodb._txn_token_store


def _scope(table: Json) -> Scope:
    _, _, _, region, account, _ = table["TableArn"].split(":", 5)
    return account, region, table["TableName"]


def _set_item(table: Json, pk: str, sk: str, item: Json) -> Any:
    with wal.atomic():
        wal.append("put", *_scope(table), item)
        return _upstream_set_item(table, pk, sk, item)


def _remove_item(table: Json, pk: str, sk: str) -> Any:
    with wal.atomic():
        wal.append("remove", *_scope(table), pk, sk)
        return _upstream_remove_item(table, pk, sk)


def _replace_items(table: Json) -> None:
    """Called after all items of a table were replaced at once."""
    with wal.atomic():
        wal.append("clear", *_scope(table))
        for item in _items(table):
            wal.append("put", *_scope(table), item)
        _upstream_items_replaced(table)


def _items(table: Json) -> Iterator[Json]:
    for partition in list(table["items"].values()):
        yield from list(partition.values())


# -- idempotency tokens of transactions ---------------------------------------------------------


class _RequestHash(str):
    """Stored in place of a request; compares equal to a request of the same content."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, request: object) -> bool:
        return super().__eq__(request if isinstance(request, str) else _hash_request(request))


def _hash_request(request: object) -> _RequestHash:
    return _RequestHash(hashlib.sha256(encode_json(request)).hexdigest())


def _store_token(token: str, entry: Json) -> None:
    entry["signature"] = _hash_request(entry["signature"])
    _upstream_store_token(token, entry)
    wal.append("token", get_account_id(), get_region(), token, entry)


# -- tables -------------------------------------------------------------------------------------


class _Tables(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """All tables. A table that is created gets the items replayed before it existed."""

    __slots__ = ()

    def __setitem__(self, name: str, table: Json) -> None:
        with wal.atomic():
            super().__setitem__(name, table)
            for change in _pending.pop((get_account_id(), get_region(), name), []):
                replay(change)

    def pop(self, name: str, *default: Any) -> Any:
        with wal.atomic():
            wal.append("clear", get_account_id(), get_region(), name)
            return super().pop(name, *default)


# -- snapshot and replay ------------------------------------------------------------------------


def configuration() -> Json:
    """Everything about tables except the items."""
    tables = AccountRegionScopedDict()
    for scope, table in dynamodb._tables.all_items():
        emptied: Json = {"items": {}, dynamodb._INDEX_MEMBERS: None, "ItemCount": 0}
        values = {key: emptied.get(key, value) for key, value in table.items()}
        tables.set_scoped(
            *scope, {key: value for key, value in values.items() if value is not None}
        )
    stores = (
        "tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights",
        "backups", "resource_policies", "exports", "imports",
    )  # fmt: skip
    return {"tables": tables, **{name: getattr(dynamodb, f"_{name}") for name in stores}}


def changes() -> Iterator[Change]:
    """The changes that lead from the configuration to the current state.

    Call this when a segment starts. Items may be read later than that: their changes since are in
    the segment, and the last one wins. Streams, tokens and pending changes are those of the call.
    """
    streams = durable_streams.changes()
    tokens = dynamodb._txn_idempotency.all_items()
    pending = [change for changes in _pending.values() for change in changes]

    def read() -> Iterator[Change]:
        for scope, table in dynamodb._tables.all_items():
            yield from (["put", *scope, item] for item in _items(table))
        yield from streams
        yield from (["token", *scope, entry] for scope, entry in tokens)
        yield from pending

    return read()


_pending: defaultdict[Scope, list[Change]] = defaultdict(list)
"""Replayed changes of tables that do not exist yet."""


def replay(change: Change) -> None:
    kind, account, region, name, *rest = change
    _REPLAY[kind]((account, region, name), *rest)


def _replay_put(scope: Scope, item: Json, stream_record: Json | None = None) -> None:
    table = dynamodb._tables.get_scoped(*scope)
    if table is None:
        _pending[scope].append(["put", *scope, item])
    else:
        _upstream_set_item(table, *_key(table, item), item)
    if stream_record:
        durable_streams.replay_record(scope, with_image(stream_record, item))


def _key(table: Json, item: Json) -> tuple[str, str]:
    """Partition and sort key as MiniStack stores them."""
    value = dynamodb._extract_key_val
    sort = table["sk_name"]
    return value(item.get(table["pk_name"])), value(item.get(sort)) if sort else "__no_sort__"


def _replay_remove(scope: Scope, pk: str, sk: str) -> None:
    table = dynamodb._tables.get_scoped(*scope)
    if table is None:
        _pending[scope].append(["remove", *scope, pk, sk])
        return
    _upstream_remove_item(table, pk, sk)


def _replay_clear(scope: Scope) -> None:
    _pending.pop(scope, None)
    if table := dynamodb._tables.get_scoped(*scope):
        table["items"] = defaultdict(dict)
        _upstream_items_replaced(table)


_REPLAY: dict[str, Callable[..., None]] = {
    "put": _replay_put,
    "remove": _replay_remove,
    "clear": _replay_clear,
    **durable_streams.REPLAY,
    "token": lambda scope, entry: dynamodb._txn_idempotency.set_scoped(
        *scope, {**entry, "signature": _RequestHash(entry["signature"])}
    ),
}
