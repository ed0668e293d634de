"""Runs an import: reads the file record by record and sends a few records concurrently."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.importing.catalog_client import CatalogClient, fetch_currency
from cli.importing.columns import ColumnMapping, map_columns
from cli.importing.duplicates import DuplicateCheck
from cli.importing.errors import FieldError, ImportFailed, InvalidRecord
from cli.importing.product_records import ProductRecord, parse_record
from cli.importing.records import Record, RecordFile, inspect_file
from cli.importing.report import Report, Summary, open_report
from cli.replay.client import Client, OutcomeUnknown
from cli.replay.runner import LOCAL_HOSTS, TIMEOUT_SECONDS
from cli.replay.staff import StaffClient

CONCURRENCY: Final = 8
MAX_CONSECUTIVE_FAILURES: Final = CONCURRENCY
"""Records in a row without a response. One may be too much for the shop; so many mean that the
shop is down."""

Progress = Callable[[int, int], None]
"""Receives the bytes read so far and the size of the file."""


@dataclass(frozen=True)
class ImportPlan:
    """The file to import, and the column of each field."""

    file: RecordFile
    columns: ColumnMapping


def plan_import(path: Path, mappings: Sequence[str]) -> ImportPlan:
    """Inspect the file and map its columns; see `map_columns`. Raises ImportFailed."""
    file = inspect_file(path)
    return ImportPlan(file, map_columns(file.columns, mappings))


def import_products(
    plan: ImportPlan,
    *,
    base_url: str,
    staff_token: Callable[[], str],
    report: Path,
    progress: Progress,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Summary:
    """Create or update every product of the file.

    Writes the errors of records that fail to `report`. Raises ImportFailed when the shop rejects
    the token or stops responding. An import that failed or was interrupted can be repeated: what
    is imported already is unchanged.
    """

    async def run() -> Summary:
        async with httpx.AsyncClient(
            base_url=base_url,
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=CONCURRENCY),
            trust_env=urlsplit(base_url).hostname not in LOCAL_HOSTS,  # no proxy for a local shop
            transport=transport,
        ) as http:
            client = Client(http)
            try:
                currency = await fetch_currency(client)
            except OutcomeUnknown as error:
                raise ImportFailed(f"The import cannot start: {error}.") from error
            catalog = CatalogClient(StaffClient(client, staff_token))
            with open_report(report) as opened, closing(DuplicateCheck()) as duplicates:
                return await ImportRun(plan, currency, catalog, opened, duplicates, progress).run()

    started = perf_counter()
    summary = asyncio.run(run())
    summary.seconds = perf_counter() - started
    summary.report = report if summary.failed else None
    return summary


@dataclass
class ImportRun:
    """One pass over the file."""

    plan: ImportPlan
    currency: str
    catalog: CatalogClient
    report: Report
    duplicates: DuplicateCheck
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    consecutive_failures: int = 0

    async def run(self) -> Summary:
        size = self.plan.file.size
        with self.plan.file.records() as (lines, records):

            async def worker() -> None:
                for record in records:
                    await self._import_record(record)
                    self.progress(lines.bytes_read, size)

            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(CONCURRENCY):
                        group.create_task(worker())
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
        self.progress(size, size)
        return self.summary

    async def _import_record(self, record: Record) -> None:
        outcome = "failed"
        try:
            product = self._parse(record)
            catalog_outcome = await self.catalog.create_or_update(product)
            if product.stock and not await self.catalog.receive_initial_stock(
                product.sku, product.stock
            ):
                self.summary.omitted["stock"] += 1
            outcome, self.consecutive_failures = catalog_outcome, 0
            self.summary.omitted.update(product.omitted)
        except InvalidRecord as invalid:
            self.report.write(record, invalid)
        except OutcomeUnknown as error:
            self.report.write(record, InvalidRecord(FieldError(None, str(error))))
            self.consecutive_failures += 1
            if self.consecutive_failures == MAX_CONSECUTIVE_FAILURES:
                raise ImportFailed(
                    f"The shop does not respond ({error}); run the same command again later."
                    " What was imported is kept."
                ) from error
        self.summary.outcomes[outcome] += 1

    def _parse(self, record: Record) -> ProductRecord:
        if isinstance(record.cells, InvalidRecord):
            raise record.cells
        product = parse_record(record.cells, self.plan.columns, self.currency)
        conflict = self.duplicates.find_conflict(product, record.line)
        if conflict is not None:
            problem = f"{product.sku} is already on line {conflict}, with other values"
            raise InvalidRecord(FieldError("sku", problem))
        return product
