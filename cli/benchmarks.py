"""`./souk bench` and `./souk cost`: measure a separate shop, which is deleted afterwards."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from rich.console import Console

from bench import products, tables
from bench.chart import render_svg
from bench.cost import METERED_ORDERS, compute_cost
from bench.metering import Meter
from bench.run import BenchmarkReport, run_benchmarks
from bench.shop_client import shop_client
from cli.output import json_result, note
from cli.start_shop import start_shop
from local.process import find_free_port
from local.shop import RunningShop, Shop

BUILD_FOLDER = Path(__file__).parents[1] / ".build"
DEFAULT_CHART = BUILD_FOLDER / "bench.svg"


def bench(chart: Path | None, *, as_json: bool) -> None:
    """Print the measurements and write the chart. Exits with 0 only if all targets are met."""
    with _temporary_shop() as running:
        report = run_benchmarks(running, note)
    chart = chart or DEFAULT_CHART
    chart.write_text(render_svg(report.results, _caption(report)), encoding="utf-8")
    if as_json:
        json_result(report.as_json())
    else:
        Console().print(tables.render_report(report))
    note(f"The chart is in {chart}.")
    for step in report.missed:
        note(f"Missed target: {step}.")
    sys.exit(1 if report.missed else 0)


def cost(*, as_json: bool) -> None:
    """Print what AWS bills for 1,000 orders and an idle month."""
    with _temporary_shop() as running:
        note("Listing products")
        products.list_products(running)
        note(f"Metering {METERED_ORDERS} orders")
        computed = compute_cost(running, shop_client(running), Meter(running))
    if as_json:
        json_result(computed.as_json())
    else:
        Console().print(tables.render_cost(computed))


def _caption(report: BenchmarkReport) -> str:
    machine = report.machine
    return (
        f"{machine['date']}, {machine['cores']} cores, Python {machine['python']},"
        " medians with 95 % intervals"
    )


@contextmanager
def _temporary_shop() -> Iterator[RunningShop]:
    """A fresh shop on a free port. It is stopped and deleted at the end of the block."""
    shop = Shop(BUILD_FOLDER / "measured-shop")
    try:
        yield start_shop(shop, port=find_free_port(0), fresh=True)
    finally:
        shop.stop()
        rmtree(shop.state, ignore_errors=True)
