"""Streams, and how far each trigger has read them, are kept over a crash."""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import dynamodb, lambda_svc

from local.patches.kept import Change, Scope, journal, noted_later

Json = dict[str, Any]

RECORDS_KEPT = 1_000  # of a stream, behind what all its triggers have read


def note_changes() -> None:
    """Let streams and positions tell the journal of every change."""
    noted_later(dynamodb._stream_records, _Streams)
    noted_later(lambda_svc._dynamodb_stream_positions, _Positions)


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
        put.append(with_image(record, None))  # the image is in the journal already
    else:
        journal.add("record", *scope, record)


def with_image(record: Json, image: Json | None) -> Json:
    """The record with another image of the item."""
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


def changes() -> Iterator[Change]:
    """What there is at this moment; a stream's records as far as some trigger has yet to read."""
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


def _stream_again(scope: Scope, first: int) -> None:
    dynamodb._stream_records.set_scoped(*scope, [])
    dynamodb._stream_trimmed.set_scoped(*scope, first)


def record_again(scope: Scope, record: Json) -> None:
    """Put a record at the end of its stream."""
    if not dynamodb._stream_records.contains_scoped(*scope):
        _stream_again(scope, 0)
    list.append(dynamodb._stream_records.get_scoped(*scope), record)


REPLAY: dict[str, Callable[..., None]] = {
    "stream": _stream_again,
    "record": record_again,
    "position": lambda scope, place: lambda_svc._dynamodb_stream_positions.set_scoped(
        *scope, place
    ),
}
