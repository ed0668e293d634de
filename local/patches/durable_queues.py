"""Makes SQS messages durable, from the moment a queue has them until they are deleted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import sqs

from local.patches.wal import Change, Scope, replace_class, wal

Json = dict[str, Any]


def persist_queues() -> None:
    """MiniStack saves queues only when it is stopped; a crash loses every message since the start.

    Each change of a queue is now a record in the write-ahead log. A message that a consumer held
    when the process ended is visible again after the restart, because that consumer is gone.
    """
    replace_class(sqs._queues, _Queues)


class _Messages(list[Json]):
    """The messages of a queue; records every change."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, messages: list[Json]) -> None:
        super().__init__(messages)
        self.scope = scope

    def append(self, message: Json) -> None:
        with wal.atomic():
            wal.append("send", *self.scope, message)
            list.append(self._current(), message)

    def remove(self, message: Json) -> None:
        with wal.atomic():
            wal.append("delete", *self.scope, [message["id"]])
            list.remove(self._current(), message)

    def clear(self) -> None:
        with wal.atomic():
            wal.append("purge", *self.scope)
            list.clear(self._current())

    def _current(self) -> list[Json]:
        """The queue's present list: MiniStack may have replaced it since this one was read."""
        queue = sqs._queues.get_scoped(*self.scope)
        return queue["messages"] if queue else self


class _Queue(dict[str, Any]):
    """A queue. MiniStack deletes messages by assigning a list of those that remain."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, queue: Json) -> None:
        super().__init__({**queue, "messages": _Messages(scope, queue["messages"])})
        self.scope = scope

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "messages":
            with wal.atomic():
                remaining = {message["id"] for message in value}
                deleted = [m["id"] for m in self["messages"] if m["id"] not in remaining]
                if deleted:
                    wal.append("delete", *self.scope, deleted)
                super().__setitem__(key, _Messages(self.scope, value))
        else:
            super().__setitem__(key, value)


class _Queues(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """All queues. A queue that is created gets the messages replayed before it existed."""

    __slots__ = ()

    def __setitem__(self, url: str, queue: Json) -> None:
        with wal.atomic():
            scope = (get_account_id(), get_region(), url)
            super().__setitem__(url, _Queue(scope, queue))
            for change in _pending.pop(scope, []):
                replay(change)

    def update(self, queues: AccountRegionScopedDict) -> None:
        for scope, queue in queues.all_items():
            self.set_scoped(*scope, _Queue(scope, queue))

    def pop(self, url: str, *default: Any) -> Any:
        return self.pop_scoped(get_account_id(), get_region(), url, *default)

    def pop_scoped(self, account: str, region: str, url: str, *default: Any) -> Any:
        with wal.atomic():
            wal.append("purge", account, region, url)
            return super().pop_scoped(account, region, url, *default)


# -- snapshot and replay ------------------------------------------------------------------------


def configuration() -> Json:
    """Everything about queues except the messages."""
    queues = AccountRegionScopedDict()
    for scope, queue in sqs._queues.all_items():
        queues.set_scoped(*scope, {**queue, "messages": []})
    return {"queues": queues, "queue_name_to_url": sqs._queue_name_to_url}


def changes() -> Iterator[Change]:
    """The changes that lead from the configuration to the state at the time of the call."""
    queues = [(scope, list(queue["messages"])) for scope, queue in sqs._queues.all_items()]
    pending = [change for changes in _pending.values() for change in changes]

    def read() -> Iterator[Change]:
        for scope, messages in queues:
            yield from (["send", *scope, message] for message in messages)
        yield from pending

    return read()


_pending: defaultdict[Scope, list[Change]] = defaultdict(list)
"""Replayed changes of queues that do not exist yet."""


def replay(change: Change) -> None:
    kind, account, region, url, *content = change
    scope = (account, region, url)
    queue = sqs._queues.get_scoped(*scope)
    if kind == "purge":
        _pending.pop(scope, None)
    if queue is None:
        if kind != "purge":
            _pending[scope].append(change)
    elif kind == "send":
        list.append(queue["messages"], _make_visible(content[0]))
    else:
        deleted = {m["id"] for m in queue["messages"]} if kind == "purge" else set(content[0])
        queue["messages"] = [m for m in queue["messages"] if m["id"] not in deleted]


def _make_visible(message: Json) -> Json:
    """The message, without the visibility timeout of a consumer that has ended."""
    return {**message, "visible_at": 0} if message.get("receive_count") else message
