"""Measures what the write-ahead log costs: `python -m tests.local.wal_cost [ITEMS]`.

Runs the same puts and transactions in the engine without the log, with it, and with an fsync after
each call. Then writes checkpoints of more and more items while puts continue.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click

from local.cloud import engine_settings

ROUNDS, CALLS_PER_ROUND = 15, 200
DEFAULT_MAX_ITEMS = 100_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        os.environ.update(engine_settings(state, 1, "secret"))
        from local import patches
        from local.patches import durable_state

        patches.apply()
        from ministack.services import dynamodb

        for name in ("orders", "outbox"):
            dynamodb._create_table(_table(name))
        measure_calls(dynamodb, durable_state, state)
        max_items = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_MAX_ITEMS
        for items in (1_000, 10_000, max_items):
            asyncio.run(measure_checkpoint(dynamodb, durable_state, items))


def measure_calls(dynamodb: Any, durable_state: Any, state: Path) -> None:
    wal = durable_state.wal
    (state / "aws").mkdir(exist_ok=True)
    durable_state.load_state()
    folder = wal._folder

    def disable_log() -> None:
        wal._folder = None

    def enable_log() -> None:
        wal._folder = folder

    def call_and_sync(call: Callable[[], None]) -> None:
        call()
        wal.sync()

    times_by_call: dict[str, dict[str, list[float]]] = {}
    for _ in range(ROUNDS):
        for name, function in (("put", _put), ("transaction of 3", _transact)):
            call = partial(function, dynamodb)
            times = times_by_call.setdefault(name, {"no log": [], "log": [], "fsync each": []})
            disable_log()
            times["no log"] += _times(call)
            enable_log()
            times["log"] += _times(call)
            times["fsync each"] += _times(partial(call_and_sync, call), CALLS_PER_ROUND // 10)
    for name, times in times_by_call.items():
        medians = (f"{mode} {median(each) * 1e6:.0f} us" for mode, each in times.items())
        click.echo(f"{name}: {', '.join(medians)}")


async def measure_checkpoint(dynamodb: Any, durable_state: Any, items: int) -> None:
    for _ in range(items):
        _put(dynamodb)
    put_times: list[float] = []
    running = asyncio.create_task(durable_state.checkpoint())
    started = time.perf_counter()
    while not running.done():
        put_started = time.perf_counter()
        await asyncio.sleep(0.001)
        _put(dynamodb)
        put_times.append(time.perf_counter() - put_started)
    seconds = time.perf_counter() - started
    size = next(durable_state.log_folder().glob("*.snapshot")).stat().st_size
    p99 = quantiles(put_times, n=100)[98]
    click.echo(
        f"checkpoint of {_rows[0]:,} items, {size / 1e6:.1f} MB: {seconds:.2f} s; a put each ms"
        f" meanwhile took {median(put_times) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f}, max"
        f" {max(put_times) * 1e3:.1f} ms"
    )


def _times(call: Callable[[], Any], calls: int = CALLS_PER_ROUND) -> list[float]:
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return times


_rows = [0]  # how many were put


def _row() -> dict[str, Any]:
    _rows[0] += 1
    lines = [{"M": {"sku": {"S": f"T-{n}"}, "quantity": {"N": "2"}}} for n in range(8)]
    return {"pk": {"S": f"ORDER#{_rows[0]}"}, "sk": {"S": "A"}, "lines": {"L": lines}}


def _put(dynamodb: Any) -> None:
    dynamodb._put_item({"TableName": "orders", "Item": _row()})


def _transact(dynamodb: Any) -> None:
    puts = [{"Put": {"TableName": name, "Item": _row()}} for name in ("orders", "orders", "outbox")]
    dynamodb._transact_write_items({"TransactItems": puts})


def _table(name: str) -> dict[str, Any]:
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": key_type} for key, key_type in keys],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


if __name__ == "__main__":
    main()
