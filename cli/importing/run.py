"""The import itself: reads the file record by record, a few of them under way at a time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.importing.columns import Columns, columns
from cli.importing.faults import Fault, Faulty, ImportRefused
from cli.importing.offers import Offer, read
from cli.importing.records import Record, Table, table
from cli.importing.report import Report, Summary, opened
from cli.importing.seen import Seen
from cli.importing.shelf import Shelf, currency_of
from cli.replay.client import Client, Lost
from cli.replay.play import ANSWER_WITHIN, HOME
from cli.replay.staff import SignedIn

AT_ONCE: Final = 8
LOST_IN_A_ROW: Final = AT_ONCE  # one line may be too much for the shop; so many mean it is gone

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """A file, and what its columns mean."""

    table: Table
    columns: Columns


def plan(file: Path, told: Sequence[str]) -> Plan:
    """How the file will be read; raises ImportRefused when there is no way."""
    found = table(file)
    return Plan(found, columns(found.columns, told))


def bring_in(
    plan: Plan,
    *,
    base_url: str,
    staff_token: Callable[[], str],
    report: Path,
    progress: Progress,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Summary:
    """Let the shop have every product of the file as the file has it.

    Lines that cannot be are named in `report`. Raises ImportRefused when the shop will not let us
    go on; then, as when it is interrupted, doing it again goes on where it ended.
    """

    async def run() -> Summary:
        async with httpx.AsyncClient(
            base_url=base_url,
            timeout=ANSWER_WITHIN,
            limits=httpx.Limits(max_connections=AT_ONCE),
            trust_env=urlsplit(base_url).hostname not in HOME,  # no proxy on the way to ourselves
            transport=transport,
        ) as http:
            client = Client(http)
            try:
                currency = await currency_of(client)
            except Lost as error:
                raise ImportRefused(f"The import cannot begin: {error}.") from error
            shelf = Shelf(SignedIn(client, staff_token))
            with opened(report) as written, closing(Seen()) as seen:
                return await Run(plan, currency, shelf, written, seen, progress).run()

    began = perf_counter()
    summary = asyncio.run(run())
    summary.seconds = perf_counter() - began
    summary.report = report if summary.failed else None
    return summary


@dataclass
class Run:
    """One going through the file."""

    plan: Plan
    currency: str
    shelf: Shelf
    report: Report
    seen: Seen
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    lost: int = 0

    async def run(self) -> Summary:
        size = self.plan.table.size
        with self.plan.table.records() as (lines, records):

            async def worker() -> None:
                for record in records:
                    await self._bring(record)
                    self.progress(lines.offset, size)

            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(AT_ONCE):
                        group.create_task(worker())
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
        self.progress(size, size)
        return self.summary

    async def _bring(self, record: Record) -> None:
        outcome = "failed"
        try:
            offer = self._offer(record)
            done = await self.shelf.put(offer)
            if offer.stock and not await self.shelf.stock(offer.sku, offer.stock):
                self.summary.left_out["stock"] += 1
            outcome, self.lost = done, 0
            self.summary.left_out.update(offer.left_out)
        except Faulty as faulty:
            self.report.fail(record, faulty)
        except Lost as lost:
            self.report.fail(record, Faulty(Fault(None, str(lost))))
            self.lost += 1
            if self.lost == LOST_IN_A_ROW:
                raise ImportRefused(
                    f"The shop answers no more ({lost}); when it does, run the same command again:"
                    " what is in the shop already stays as it is."
                ) from lost
        self.summary.outcomes[outcome] += 1

    def _offer(self, record: Record) -> Offer:
        if isinstance(record.cells, Faulty):
            raise record.cells
        offer = read(record.cells, self.plan.columns, self.currency)
        first = self.seen.otherwise(offer, record.line)
        if first is not None:
            raise Faulty(Fault("sku", f"{offer.sku} stands in line {first} already, otherwise"))
        return offer
