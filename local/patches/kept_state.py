"""What the engine knows as a whole: read at the start, written down by checkpoints."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import cloudformation, lambda_svc

from local.journal.segments import Files, Record
from local.patches import kept_logs, kept_mails, kept_people, kept_queues, kept_tables
from local.patches.kept import Change, journal

PAUSE = 0.002  # seconds the shop gets between two pieces of a checkpoint
RETRY = 5.0  # seconds until a checkpoint that failed may be tried again

Json = dict[str, Any]

_SETTINGS: dict[str, Callable[[], Json]] = {
    "cloudwatch_logs": kept_logs.settings,
    "dynamodb": kept_tables.settings,
    "sqs": kept_queues.settings,
}


def everything_is_journaled() -> None:
    """Upstream reads and writes whole services, each in a file, at the start and the very end."""
    app._load_persisted_state = load
    app.save_all = lambda _services: None
    lambda_svc._prune_orphan_code_blobs = _note_code_in_use
    _keep_deployments()


def folder() -> Path:
    """Where the journal of this engine is."""
    return Path(persistence.STATE_DIR).parent / "journal"


def load() -> None:
    """Make everything again that the journal has, and go on with it."""
    began = time.monotonic()
    folder().mkdir(exist_ok=True, mode=0o700)
    for record in Files(folder()).records():
        for change in record:
            _replay(change)
    kept_people.note_changes()
    journal.open(folder())
    _settled[:] = _deployments()
    print(f"Everything read in {time.monotonic() - began:.2f} s.", flush=True)


def _replay(change: Change) -> None:
    kind = change[0]
    if kind == "state":
        _, name, text = change
        state = json.loads(text, object_hook=persistence._json_object_hook)
        app._get_module(app._state_map[name]).load_persisted_state(state)
    elif kind == "person":
        kept_people.replay(change)
    elif kind == "log":
        kept_logs.replay(change)
    elif kind == "mail":
        kept_mails.replay(change)
    elif kind in ("send", "delete", "purge"):
        kept_queues.replay(change)
    else:
        kept_tables.replay(change)


# -- checkpoints --------------------------------------------------------------------------------

_one_at_a_time = asyncio.Lock()


async def checkpoint() -> None:
    """Write everything down and begin the journal anew; the shop goes on meanwhile."""
    async with _one_at_a_time:
        await asyncio.to_thread(journal.sync)  # so that little is left while all wait
        if _is_deploying():
            return  # half a deployment is not to be found at the next start
        deployments = _deployments()
        try:
            with journal.lock:
                journal.rotate()
                steps = journal.snapshot(_records())
            while await asyncio.to_thread(next, steps, "done") != "done":  # noqa: ASYNC110 - a pause
                await asyncio.sleep(PAUSE)
        except OSError as error:
            print(f"No checkpoint was written ({error.strerror}); the journal goes on.", flush=True)
            await asyncio.sleep(RETRY)
            return
        _settled[:] = deployments
        _prune(_code_in_use)


def _records() -> Iterator[Record]:
    """Everything as it is now; call it when a log begins."""
    states = [
        ["state", name, json.dumps(state, default=persistence._json_default)]
        for name, get_state in app._build_persistence_save_dict().items()
        if (state := _SETTINGS.get(name, get_state)()) is not None
    ]
    rest = (kept_queues.changes(), kept_mails.changes(), kept_logs.changes())
    changes = chain(states, kept_tables.changes(), *rest)
    return ([change] for change in changes)


# Code that the last snapshot names must stay until a newer one is in its place.
_prune = lambda_svc._prune_orphan_code_blobs
_code_in_use: set[str] = set()


def _note_code_in_use(referenced: set[str]) -> None:
    _code_in_use.clear()
    _code_in_use.update(referenced)


async def watch() -> None:
    """Bring what is written to the disk itself every second; keep the journal bounded."""
    await asyncio.gather(_sync_every_second(), _bound_the_journal())


async def _sync_every_second() -> None:
    while True:
        await asyncio.sleep(1)
        await asyncio.to_thread(journal.sync)


async def _bound_the_journal() -> None:
    while True:
        await asyncio.sleep(0.1)
        if journal.size > journal.bound or _deployments() != _settled:
            await checkpoint()


# -- deployments --------------------------------------------------------------------------------

_settled: list[Any] = []  # as the last checkpoint found them


def _keep_deployments() -> None:
    upstream = cloudformation.handle_request

    async def handle_request(*args: Any) -> Any:
        answer = await upstream(*args)
        if _deployments() != _settled:
            await checkpoint()  # whoever asks is told that it is done when it is kept
        return answer

    cloudformation.handle_request = handle_request


def _deployments() -> list[Any]:
    return [
        (scope, stack.get("StackStatus"), stack.get("LastUpdatedTime"))
        for scope, stack in cloudformation._stacks.all_items()
    ]


def _is_deploying() -> bool:
    under_way = (str(status).endswith("_IN_PROGRESS") for _, status, _ in _deployments()
                 if status != "REVIEW_IN_PROGRESS")  # fmt: skip
    return any(under_way)
