"""Makes the whole state of the engine durable: read at the start, written by checkpoints."""

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

from local.patches import (
    durable_emails,
    durable_logs,
    durable_queues,
    durable_tables,
    durable_users,
)
from local.patches.wal import Change, wal
from local.wal.segments import LogFiles, Record

CHUNK_PAUSE_SECONDS = 0.002  # between two chunks of a snapshot, for requests to proceed
RETRY_SECONDS = 5.0  # after a checkpoint that failed
SYNC_INTERVAL_SECONDS = 1.0
CHECK_INTERVAL_SECONDS = 0.1

Json = dict[str, Any]

_CONFIGURATIONS: dict[str, Callable[[], Json]] = {
    "cloudwatch_logs": durable_logs.configuration,
    "dynamodb": durable_tables.configuration,
    "sqs": durable_queues.configuration,
}
"""The services whose data is in changes of its own, so that their state is only configuration."""


def persist_state() -> None:
    """MiniStack reads each service's state from a file at the start, and writes it at a clean stop.

    A crash loses everything since the start. Now the state is in the write-ahead log: as changes,
    and as a snapshot of all services that a checkpoint writes after each deployment, when the
    changes grow large, and at a clean stop.
    """
    app._load_persisted_state = load_state
    app.save_all = lambda _services: None
    lambda_svc._prune_orphan_code_blobs = _defer_pruning
    _persist_deployments()


def log_folder() -> Path:
    """The folder of this engine's write-ahead log."""
    return Path(persistence.STATE_DIR).parent / "wal"


def load_state() -> None:
    """Replay the write-ahead log, then open it for new records."""
    started = time.monotonic()
    log_folder().mkdir(exist_ok=True, mode=0o700)
    for record in LogFiles(log_folder()).records():
        for change in record:
            _replay(change)
    durable_users.record_changes()
    wal.open(log_folder())
    _recorded_deployments[:] = _deployments()
    print(f"State loaded in {time.monotonic() - started:.2f} s.", flush=True)


def _replay(change: Change) -> None:
    match change[0]:
        case "service":
            _, name, text = change
            state = json.loads(text, object_hook=persistence._json_object_hook)
            app._get_module(app._state_map[name]).load_persisted_state(state)
        case "user":
            durable_users.replay(change)
        case "log":
            durable_logs.replay(change)
        case "email":
            durable_emails.replay(change)
        case "send" | "delete" | "purge":
            durable_queues.replay(change)
        case _:
            durable_tables.replay(change)


# -- checkpoints --------------------------------------------------------------------------------

_checkpoint_lock = asyncio.Lock()


async def checkpoint() -> None:
    """Write a snapshot and start a new segment, while the engine goes on serving.

    Does nothing during a deployment: the next start must not find half of one. A failure is
    printed, and the log goes on without a new snapshot.
    """
    async with _checkpoint_lock:
        await asyncio.to_thread(wal.sync)  # leaves little to sync while the lock is held
        if _is_deploying():
            return
        deployments = _deployments()
        try:
            with wal.lock:
                wal.rotate()
                chunks = wal.snapshot(_read_records())
            while await asyncio.to_thread(next, chunks, "done") != "done":  # noqa: ASYNC110 - a pause
                await asyncio.sleep(CHUNK_PAUSE_SECONDS)
        except OSError as error:
            print(f"No snapshot was written ({error.strerror}); the log grows.", flush=True)
            await asyncio.sleep(RETRY_SECONDS)
            return
        _recorded_deployments[:] = deployments
        _prune_code(_code_in_use)


def _read_records() -> Iterator[Record]:
    """The records of a snapshot. Call this when a segment starts."""
    services = [
        ["service", name, json.dumps(state, default=persistence._json_default)]
        for name, get_state in app._build_persistence_save_dict().items()
        if (state := _CONFIGURATIONS.get(name, get_state)()) is not None
    ]
    changes = chain(
        services,
        durable_tables.changes(),
        durable_queues.changes(),
        durable_emails.changes(),
        durable_logs.changes(),
    )
    return ([change] for change in changes)


# The last snapshot refers to code of functions; it is pruned after the next one is written.
_prune_code = lambda_svc._prune_orphan_code_blobs
_code_in_use: set[str] = set()


def _defer_pruning(code_in_use: set[str]) -> None:
    _code_in_use.clear()
    _code_in_use.update(code_in_use)


async def maintain_log() -> None:
    """Flush the log to the disk every second, and write a checkpoint when one is due."""
    await asyncio.gather(_sync_regularly(), _checkpoint_when_due())


async def _sync_regularly() -> None:
    while True:
        await asyncio.sleep(SYNC_INTERVAL_SECONDS)
        await asyncio.to_thread(wal.sync)


async def _checkpoint_when_due() -> None:
    while True:
        await asyncio.sleep(CHECK_INTERVAL_SECONDS)
        is_large = wal.bytes_since_snapshot > wal.snapshot_threshold_bytes
        if is_large or _deployments() != _recorded_deployments:
            await checkpoint()


# -- deployments --------------------------------------------------------------------------------

_recorded_deployments: list[Any] = []
"""The deployments in the last snapshot."""


def _persist_deployments() -> None:
    """Write a checkpoint before CloudFormation reports that a deployment is done."""
    upstream = cloudformation.handle_request

    async def handle_request(*args: Any) -> Any:
        response = await upstream(*args)
        if _deployments() != _recorded_deployments:
            await checkpoint()
        return response

    cloudformation.handle_request = handle_request


def _deployments() -> list[Any]:
    return [
        (scope, stack.get("StackStatus"), stack.get("LastUpdatedTime"))
        for scope, stack in cloudformation._stacks.all_items()
    ]


def _is_deploying() -> bool:
    return any(
        str(status).endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
        for _, status, _ in _deployments()
    )
