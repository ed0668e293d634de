"""Makes DynamoDB streams durable, and the position up to which each trigger has read them."""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb, lambda_svc

from local.patches.wal import Change, Scope, replace_class, wal

Json = dict[str, Any]

MAX_READ_RECORDS = 1_000  # per stream; older records that all triggers have read are dropped


def persist_streams() -> None:
    """Record every change of streams and positions. `durable_tables.persist_tables` calls this.

    At a clean stop, MiniStack saves the positions but not the records they count. While it runs,
    it keeps a day of records in memory, as AWS does on disk. Now the records are durable, and of
    those that all triggers have read only the last 1,000 are kept: nothing reads them again.
    """
    replace_class(dynamodb._stream_records, _Streams)
    replace_class(lambda_svc._dynamodb_stream_positions, _Positions)


class _Stream(list[Json]):
    """The stream of a table. A record becomes visible to triggers after it is written."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, records: list[Json]) -> None:
        super().__init__(records)
        self.scope = scope

    def append(self, record: Json) -> None:
        _record_stream_record(self.scope, record)

        def show() -> None:
            list.append(self, record)
            esm_wake.set()

        wal.on_commit(show)


def _record_stream_record(scope: Scope, record: Json) -> None:
    """Extends the "put" change that caused the stream record, which already has the image."""
    image, change = record["dynamodb"].get("NewImage"), wal.last_change
    if image is not None and change and change[0] == "put" and change[4] is image:
        change.append(with_image(record, None))
    else:
        wal.append("record", *scope, record)


def with_image(record: Json, image: Json | None) -> Json:
    """The stream record with another image of the item."""
    return {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}


class _Streams(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    __slots__ = ()

    def __setitem__(self, table: str, records: list[Json]) -> None:
        self.set_scoped(get_account_id(), get_region(), table, records)

    def set_scoped(self, account: str, region: str, table: str, records: list[Json]) -> None:
        scope = (account, region, table)
        super().set_scoped(*scope, _Stream(scope, records))

    def pop(self, table: str, *default: Any) -> Any:
        with wal.atomic():
            wal.append("stream", get_account_id(), get_region(), table, 0)
            return super().pop(table, *default)


class _Positions(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """The position of each trigger in its stream."""

    __slots__ = ()

    def __setitem__(self, trigger: str, position: int) -> None:
        with wal.atomic():
            if self.get(trigger) != position:
                wal.append("position", get_account_id(), get_region(), trigger, position)
            super().__setitem__(trigger, position)
            _drop_read_records(get_account_id(), get_region(), trigger)


def _drop_read_records(account: str, region: str, trigger: str) -> None:
    source = (lambda_svc._esms.get_scoped(account, region, trigger) or {}).get("EventSourceArn", "")
    if ":table/" not in source:
        return
    scope = (account, region, source.split(":table/", 1)[1].split("/", 1)[0])
    start, records = _stream(scope)
    if (surplus := _first_unread(scope, start) - start - MAX_READ_RECORDS) > 0:
        del records[:surplus]
        dynamodb._stream_trimmed.set_scoped(*scope, start + surplus)


def _stream(scope: Scope) -> tuple[int, list[Json]]:
    """The position of a stream's first record, and its records."""
    start: int = dynamodb._stream_trimmed.get_scoped(*scope, 0)
    return start, dynamodb._stream_records.get_scoped(*scope) or []


def _first_unread(scope: Scope, start: int) -> int:
    """The first position that a trigger has not read; the end if the stream has no triggers."""
    account, region, table = scope
    positions = [
        lambda_svc._dynamodb_stream_positions.get_scoped(account, region, trigger["UUID"], start)
        for trigger_account, trigger_region, trigger in lambda_svc._iter_all_esms()
        if (trigger_account, trigger_region) == (account, region)
        and f":table/{table}/stream/" in trigger.get("EventSourceArn", "")
    ]
    return max(start, min(positions, default=start + len(_stream(scope)[1])))


# -- snapshot and replay ------------------------------------------------------------------------


def changes() -> Iterator[Change]:
    """The changes that lead to the state at the time of the call: positions and unread records."""
    positions = lambda_svc._dynamodb_stream_positions.all_items()
    streams = [(scope, *_unread(scope)) for scope, _ in dynamodb._stream_records.all_items()]

    def read() -> Iterator[Change]:
        yield from (["position", *scope, position] for scope, position in positions)
        for scope, first, records in streams:
            yield ["stream", *scope, first]
            yield from (["record", *scope, record] for record in records)

    return read()


def _unread(scope: Scope) -> tuple[int, list[Json]]:
    start, records = _stream(scope)
    first = _first_unread(scope, start)
    return first, records[first - start :]


def _replay_stream(scope: Scope, first: int) -> None:
    dynamodb._stream_records.set_scoped(*scope, [])
    dynamodb._stream_trimmed.set_scoped(*scope, first)


def replay_record(scope: Scope, record: Json) -> None:
    """Append a record to its stream without recording it."""
    if not dynamodb._stream_records.contains_scoped(*scope):
        _replay_stream(scope, 0)
    list.append(dynamodb._stream_records.get_scoped(*scope), record)


REPLAY: dict[str, Callable[..., None]] = {
    "stream": _replay_stream,
    "record": replay_record,
    "position": lambda scope, position: lambda_svc._dynamodb_stream_positions.set_scoped(
        *scope, position
    ),
}
