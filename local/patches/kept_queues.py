"""Messages are kept over a crash, from the moment a queue has them until they are deleted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import sqs

from local.patches.kept import Change, Scope, journal, noted_later

Json = dict[str, Any]


def queues_are_journaled() -> None:
    """Upstream writes queues down only when it is stopped in good order."""
    noted_later(sqs._queues, _Queues)


class _Messages(list[Json]):
    """A queue's messages, which tell of every change to them."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, messages: list[Json]) -> None:
        super().__init__(messages)
        self.scope = scope

    def append(self, message: Json) -> None:
        with journal.together():
            journal.add("send", *self.scope, message)
            list.append(self._current(), message)

    def remove(self, message: Json) -> None:
        with journal.together():
            journal.add("delete", *self.scope, [message["id"]])
            list.remove(self._current(), message)

    def clear(self) -> None:
        with journal.together():
            journal.add("purge", *self.scope)
            list.clear(self._current())

    def _current(self) -> list[Json]:
        """The queue's list as it is now: whoever holds this one may have got it before."""
        queue = sqs._queues.get_scoped(*self.scope)
        return queue["messages"] if queue else self


class _Queue(dict[str, Any]):
    """A queue; the engine deletes messages by giving it the list of those that stay."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope, queue: Json) -> None:
        super().__init__({**queue, "messages": _Messages(scope, queue["messages"])})
        self.scope = scope

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "messages":
            with journal.together():
                stay = {message["id"] for message in value}
                gone = [m["id"] for m in self["messages"] if m["id"] not in stay]
                if gone:
                    journal.add("delete", *self.scope, gone)
                super().__setitem__(key, _Messages(self.scope, value))
        else:
            super().__setitem__(key, value)


class _Queues(AccountRegionScopedDict):  # type: ignore[misc] # it ships no types
    """Gives a queue that (re)appears the messages the journal has of it."""

    __slots__ = ()

    def __setitem__(self, url: str, queue: Json) -> None:
        with journal.together():
            scope = (get_account_id(), get_region(), url)
            super().__setitem__(url, _Queue(scope, queue))
            for change in _waiting.pop(scope, []):
                replay(change)

    def update(self, queues: AccountRegionScopedDict) -> None:
        for scope, queue in queues.all_items():
            self.set_scoped(*scope, _Queue(scope, queue))

    def pop(self, url: str, *default: Any) -> Any:
        return self.pop_scoped(get_account_id(), get_region(), url, *default)

    def pop_scoped(self, account: str, region: str, url: str, *default: Any) -> Any:
        with journal.together():
            journal.add("purge", account, region, url)
            return super().pop_scoped(account, region, url, *default)


# -- what a checkpoint writes, and how changes are made again -----------------------------------


def settings() -> Json:
    """Everything about queues but their messages."""
    queues = AccountRegionScopedDict()
    for scope, queue in sqs._queues.all_items():
        queues.set_scoped(*scope, {**queue, "messages": []})
    return {"queues": queues, "queue_name_to_url": sqs._queue_name_to_url}


def changes() -> Iterator[Change]:
    """What leads from the settings alone to what there is at this moment."""
    messages = [(scope, list(queue["messages"])) for scope, queue in sqs._queues.all_items()]
    waiting = [change for changes in _waiting.values() for change in changes]

    def read() -> Iterator[Change]:
        for scope, all_of_it in messages:
            yield from (["send", *scope, message] for message in all_of_it)
        yield from waiting

    return read()


_waiting: defaultdict[Scope, list[Change]] = defaultdict(list)  # for queues not yet there


def replay(change: Change) -> None:
    """Make a change again."""
    kind, account, region, url, *content = change
    scope = (account, region, url)
    queue = sqs._queues.get_scoped(*scope)
    if kind == "purge":
        _waiting.pop(scope, None)
    if queue is None:
        if kind != "purge":
            _waiting[scope].append(change)
    elif kind == "send":
        list.append(queue["messages"], _free_again(content[0]))
    else:
        gone = {m["id"] for m in queue["messages"]} if kind == "purge" else set(content[0])
        queue["messages"] = [m for m in queue["messages"] if m["id"] not in gone]


def _free_again(message: Json) -> Json:
    """Whoever had received it is gone with the process it ran in."""
    return {**message, "visible_at": 0} if message.get("receive_count") else message
