"""Small day files, and a function to replay them against a fake shop."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from cli.replay import Day, ReplayReport, read_day
from cli.replay.client import Client, RetryPolicy
from cli.replay.runner import ReplayRunner
from tests.replay.fake_shop import FakeShop

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SECRET = b"of one shop"
SHORT_RETRIES = RetryPolicy(max_wait_seconds=5.0, max_attempts=3, order_timeout_seconds=0.1)


def a_line(
    invoice: str = "1001",
    code: str = "LAMP1",
    *,
    text: str = "BRASS LAMP",
    quantity: object = 2,
    price: object = "2.55",
    country: str = "United Kingdom",
    customer: str = "",
    at: str = "08:26",
) -> str:
    return f"{invoice},{code},{text},{quantity},2010-12-01 {at}:00,{price},{customer},{country}"


def a_file(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "day.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def a_day(folder: Path, *lines: str) -> Day:
    return read_day(a_file(folder, *(lines or (a_line(),))))


def replay_day(
    day: Day,
    shop: FakeShop,
    *,
    concurrency: int = 4,
    pause_seconds: float = 0.0,
    staff_token: Callable[[], str] = lambda: "sam",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ReplayReport:
    """Replay the day against the fake shop, with few and short retries."""

    async def run() -> ReplayReport:
        transport = httpx.MockTransport(shop.handle)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            client = Client(http, SHORT_RETRIES)
            runner = ReplayRunner(day, client, shop, SECRET, concurrency, progress, pause_seconds)
            return await runner.run(staff_token)

    return asyncio.run(run())
