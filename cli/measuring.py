"""`./souk bench` and `./souk cost`: a shop of their own, measured, and gone again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from rich.console import Console

from bench import cost as costs
from bench import stock, text
from bench.chart import svg
from bench.metering import Meter
from bench.run import Report
from bench.run import bench as measure
from bench.site import shop_site
from cli.opening import open_shop
from cli.say import json_result, note
from local.process import free_port
from local.shop import Running, Shop

BUILD = Path(__file__).parents[1] / ".build"
CHART = BUILD / "bench.svg"


def bench(chart: Path | None, *, as_json: bool) -> None:
    """Measure; exit code 0 only if every target was reached."""
    with _own_shop() as running:
        measured = measure(running, note)
    where = chart or CHART
    where.write_text(svg(measured.figures, _caption(measured)), encoding="utf-8")
    if as_json:
        json_result(measured.as_json())
    else:
        Console().print(text.report(measured))
    note(f"The chart is in {where}.")
    for step in measured.missed:
        note(f"Missed its target: {step}.")
    sys.exit(1 if measured.missed else 0)


def cost(*, as_json: bool) -> None:
    """Meter, and bill."""
    with _own_shop() as running:
        note("Listing products")
        stock.list_products(running)
        note(f"Metering {costs.METERED} orders")
        billed = costs.cost(running, shop_site(running), Meter(running.endpoint))
    if as_json:
        json_result(billed.as_json())
    else:
        Console().print(text.bills(billed))


def _caption(measured: Report) -> str:
    of = measured.machine
    return f"{of['date']}, {of['cores']} cores, Python {of['python']}, medians with 95 % intervals"


@contextmanager
def _own_shop() -> Iterator[Running]:
    """A fresh shop beside any other, closed and forgotten when the block ends."""
    shop = Shop(BUILD / "measured-shop")
    try:
        yield open_shop(shop, port=free_port(0), fresh=True)
    finally:
        shop.stop()
        rmtree(shop.state, ignore_errors=True)
