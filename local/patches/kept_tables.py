"""Items, transactions, streams and the triggers' positions are kept over a crash."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb, lambda_svc

from local.patches.kept import Change, Scope, journal, noted_later

Json = dict[str, Any]

RECORDS_KEPT = 1_000  # of a stream, behind what all its triggers have read

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
    noted_later(dynamodb._stream_records, _Streams)
    noted_later(lambda_svc._dynamodb_stream_positions, _Positions)


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
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return _Signature(hashlib.sha256(text.encode()).hexdigest())


def _remember_token(token: str, entry: Json) -> None:
    entry["signature"] = _signature(entry["signature"])
    _store_token(token, entry)
    journal.add("token", get_account_id(), get_region(), token, entry)


# -- tables, streams and positions --------------------------------------------------------------


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


class _Stream(list[Json]):
    """A table's stream: what is appended shows once it is written."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, records: list[Json]) -> None:
        super().__init__(records)
        self.scope = scope

    def append(self, record: Json) -> None:
        _note_record(self.scope, record)

        def show() -> None:
            list.append(self, record)
            esm_wake.set()

        journal.afterwards(show)


def _note_record(scope: Scope, record: Json) -> None:
    image, put = record["dynamodb"].get("NewImage"), journal.latest
    if image is not None and put and put[0] == "put" and put[4] is image:
        put.append(_with_image(record, None))  # the image is in the journal already
    else:
        journal.add("record", *scope, record)


def _with_image(record: Json, image: Json | None) -> Json:
    return {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}


class _Streams(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    __slots__ = ()

    def __setitem__(self, table: str, records: list[Json]) -> None:
        self.set_scoped(get_account_id(), get_region(), table, records)

    def set_scoped(self, account: str, region: str, table: str, records: list[Json]) -> None:
        scope = (account, region, table)
        super().set_scoped(*scope, _Stream(scope, records))

    def pop(self, table: str, *default: Any) -> Any:
        with journal.together():
            journal.add("stream", get_account_id(), get_region(), table, 0)
            return super().pop(table, *default)


class _Positions(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """How far each trigger has read; what all have read need not be remembered for a day."""

    __slots__ = ()

    def __setitem__(self, trigger: str, position: int) -> None:
        with journal.together():
            if self.get(trigger) != position:
                journal.add("position", get_account_id(), get_region(), trigger, position)
            super().__setitem__(trigger, position)
            _forget_what_all_have_read(get_account_id(), get_region(), trigger)


def _forget_what_all_have_read(account: str, region: str, trigger: str) -> None:
    source = (lambda_svc._esms.get_scoped(account, region, trigger) or {}).get("EventSourceArn", "")
    if ":table/" not in source:
        return
    scope = (account, region, source.split(":table/", 1)[1].split("/", 1)[0])
    start, records = _stream(scope)
    if (known := _first_unread(scope, start) - start - RECORDS_KEPT) > 0:
        del records[:known]
        dynamodb._stream_trimmed.set_scoped(*scope, start + known)


def _stream(scope: Scope) -> tuple[int, list[Json]]:
    start: int = dynamodb._stream_trimmed.get_scoped(*scope, 0)
    return start, dynamodb._stream_records.get_scoped(*scope) or []


def _first_unread(scope: Scope, start: int) -> int:
    """The first position some trigger has yet to read; the end if nobody reads the stream."""
    account, region, table = scope
    positions = [
        lambda_svc._dynamodb_stream_positions.get_scoped(account, region, trigger["UUID"], start)
        for owner, where, trigger in lambda_svc._iter_all_esms()
        if (owner, where) == (account, region)
        and f":table/{table}/stream/" in trigger.get("EventSourceArn", "")
    ]
    return max(start, min(positions, default=start + len(_stream(scope)[1])))


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
    positions = lambda_svc._dynamodb_stream_positions.all_items()
    streams = [(scope, *_unread(scope)) for scope, _ in dynamodb._stream_records.all_items()]
    tokens = dynamodb._txn_idempotency.all_items()
    waiting = [change for changes in _waiting.values() for change in changes]

    def read() -> Iterator[Change]:
        for scope, table in dynamodb._tables.all_items():
            yield from (["put", *scope, item] for item in _items(table))
        yield from (["position", *scope, position] for scope, position in positions)
        for scope, first, records in streams:
            yield ["stream", *scope, first]
            yield from (["record", *scope, record] for record in records)
        yield from (["token", *scope, entry] for scope, entry in tokens)
        yield from waiting

    return read()


def _unread(scope: Scope) -> tuple[int, list[Json]]:
    start, records = _stream(scope)
    first = _first_unread(scope, start)
    return first, records[first - start :]


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
        _record_again(scope, _with_image(record, item))


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


def _stream_again(scope: Scope, first: int) -> None:
    dynamodb._stream_records.set_scoped(*scope, [])
    dynamodb._stream_trimmed.set_scoped(*scope, first)


def _record_again(scope: Scope, record: Json) -> None:
    if not dynamodb._stream_records.contains_scoped(*scope):
        _stream_again(scope, 0)
    list.append(dynamodb._stream_records.get_scoped(*scope), record)


_REPLAY: dict[str, Callable[..., None]] = {
    "put": _put_again,
    "remove": _remove_again,
    "clear": _clear_again,
    "stream": _stream_again,
    "record": _record_again,
    "position": lambda scope, place: lambda_svc._dynamodb_stream_positions.set_scoped(
        *scope, place
    ),
    "token": lambda scope, entry: dynamodb._txn_idempotency.set_scoped(
        *scope, {**entry, "signature": _Signature(entry["signature"])}
    ),
}
