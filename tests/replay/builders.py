"""Small day files, and a way to play them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from cli.replay import Books, Day, read_day
from cli.replay.client import Client, Patience
from cli.replay.play import Play
from tests.replay.shop import FakeShop

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SECRET = b"of one shop"
IMPATIENT = Patience(put_off=5.0, tries=3, order=0.1)


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


def play(
    day: Day,
    shop: FakeShop,
    *,
    concurrency: int = 4,
    pause: float = 0.0,
    staff_token: Callable[[], str] = lambda: "sam",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Books:
    """Play the day against the stand-in with little patience."""

    async def run() -> Books:
        transport = httpx.MockTransport(shop.handle)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            client = Client(http, IMPATIENT)
            play = Play(day, client, shop, SECRET, concurrency, progress, pause)
            return await play.run(staff_token)

    return asyncio.run(run())
