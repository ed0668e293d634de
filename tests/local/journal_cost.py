"""What the journal costs: `python -m tests.local.journal_cost [ITEMS]` prints it.

The same puts and transactions inside the engine, in turns without a journal, with it, and with
every record brought to the disk itself; then checkpoints of more and more items while puts go on.
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

ROUNDS, CALLS = 15, 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        os.environ.update(engine_settings(state, 1))
        from local import patches
        from local.patches import kept_state

        patches.apply()
        from ministack.services import dynamodb

        for name in ("orders", "outbox"):
            dynamodb._create_table(_table(name))
        costs(dynamodb, kept_state, state)
        for items in (1_000, 10_000, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
            asyncio.run(checkpoints(dynamodb, kept_state, items))


def costs(dynamodb: Any, kept_state: Any, state: Path) -> None:
    journal = kept_state.journal
    (state / "aws").mkdir(exist_ok=True)
    kept_state.load()
    with_journal = journal._folder

    def silent() -> None:
        journal._folder = None

    def writing() -> None:
        journal._folder = with_journal

    def synced(call: Callable[[], None]) -> None:
        call()
        journal.sync()

    kinds: dict[str, dict[str, list[float]]] = {}
    for _ in range(ROUNDS):
        for what, make in (("put", _put), ("transaction of 3", _transaction)):
            call = partial(make, dynamodb)
            times = kinds.setdefault(what, {"without": [], "journal": [], "fsync each": []})
            silent()
            times["without"] += _times(call)
            writing()
            times["journal"] += _times(call)
            times["fsync each"] += _times(partial(synced, call), CALLS // 10)
    for what, times in kinds.items():
        told = (f"{kind} {median(each) * 1e6:.0f} us" for kind, each in times.items())
        click.echo(f"{what}: {', '.join(told)}")


async def checkpoints(dynamodb: Any, kept_state: Any, items: int) -> None:
    for _ in range(items):
        _put(dynamodb)
    waits: list[float] = []
    running = asyncio.create_task(kept_state.checkpoint())
    began = time.perf_counter()
    while not running.done():
        asked = time.perf_counter()
        await asyncio.sleep(0.001)
        _put(dynamodb)
        waits.append(time.perf_counter() - asked)
    took = time.perf_counter() - began
    size = next(kept_state.folder().glob("*.snapshot")).stat().st_size
    p99 = quantiles(waits, n=100)[98]
    click.echo(
        f"checkpoint of {_count[0]:,} items, {size / 1e6:.1f} MB: {took:.2f} s; a put each ms"
        f" meanwhile took {median(waits) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f}, max"
        f" {max(waits) * 1e3:.1f} ms"
    )


def _times(call: Callable[[], Any], calls: int = CALLS) -> list[float]:
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


_count = [0]


def _row() -> dict[str, Any]:
    _count[0] += 1
    lines = [{"M": {"sku": {"S": f"T-{n}"}, "quantity": {"N": "2"}}} for n in range(8)]
    return {"pk": {"S": f"ORDER#{_count[0]}"}, "sk": {"S": "A"}, "lines": {"L": lines}}


def _put(dynamodb: Any) -> None:
    dynamodb._put_item({"TableName": "orders", "Item": _row()})


def _transaction(dynamodb: Any) -> None:
    puts = [{"Put": {"TableName": name, "Item": _row()}} for name in ("orders", "orders", "outbox")]
    dynamodb._transact_write_items({"TransactItems": puts})


def _table(name: str) -> dict[str, Any]:
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


if __name__ == "__main__":
    main()
