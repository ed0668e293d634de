"""Renders the reports of `./souk bench` and `./souk cost` as tables for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from bench import prices
from bench.cost import BILLED_ORDERS, READS_PER_ORDER, Cost
from bench.metering import Counts
from bench.prices import BillLine
from bench.results import StepResult
from bench.run import BenchmarkReport


def render_report(report: BenchmarkReport) -> RenderableType:
    """The tables of `./souk bench`."""
    return Group(
        _results_table(report.results),
        _calls_table(report.metered),
        _memory_table(report),
        _imports_table(report.imports),
    )


def _results_table(results: Sequence[StepResult]) -> Table:
    table = _new_table("Shop and floor, alternating", "step", "", "shop", "floor", "ratio",
                       "interval", "target", "")  # fmt: skip
    for result in results:
        table.add_row(
            result.step,
            result.unit,
            f"{median(result.shop):.1f}",
            *_comparison_cells(result),
            str(result.target or ""),
            _verdict(result),
        )
    table.caption = "Medians, and the 95 % interval of their ratio (bootstrap)."
    return table


def _comparison_cells(result: StepResult) -> tuple[str, str, str]:
    if not result.is_compared:
        return "", "", ""
    low, high = result.interval()
    return f"{median(result.floor):.1f}", f"{result.ratio:.2f}", f"{low:.2f} to {high:.2f}"


def _verdict(result: StepResult) -> str:
    if result.target is None:
        return ""
    return "met" if result.target.is_met_by(result) else "MISSED"


def _calls_table(metered: Mapping[str, Mapping[str, Counts]]) -> Table:
    table = _new_table("AWS calls of a step", "step", "", "read units", "write units", "calls")
    for step in metered["shop"]:
        for owner, steps in metered.items():
            if step not in steps:
                continue
            counts = steps[step]
            units = (f"{counts.get(kind, 0):g}" for kind in ("read_units", "write_units"))
            table.add_row(step if owner == "shop" else "", owner, *units, _format_calls(counts))
    return table


def _format_calls(counts: Counts) -> str:
    calls: dict[str, float] = counts["calls"]
    return ", ".join(f"{number:g} {name.partition(':')[2]}" for name, number in calls.items())


def _memory_table(report: BenchmarkReport) -> Table:
    table = _new_table(
        "Resident memory, MB", "", "processes", "total", "per function, shop", "floor"
    )
    for time, use in (("products listed", report.memory_idle), ("at the end", report.memory_after)):
        functions = (str(use.function_mb.get(owner, "")) for owner in ("shop", "floor"))
        table.add_row(time, str(use.processes), str(use.resident_mb), *functions)
    return table


def _imports_table(imports: Mapping[str, Mapping[str, float]]) -> Table:
    entry_points = list(imports)
    table = _new_table(
        "Imports of a cold start, ms", "", *(each.removeprefix("souk.") for each in entry_points)
    )
    libraries = sorted({library for times in imports.values() for library in times})
    for library in libraries:
        table.add_row(library, *(f"{imports[each].get(library, 0):.1f}" for each in entry_points))
    table.add_row("total", *(f"{sum(imports[each].values()):.1f}" for each in entry_points))
    return table


def render_cost(cost: Cost) -> RenderableType:
    """The tables of `./souk cost`."""
    source = prices.load_prices()
    orders = _bill_table(
        f"{BILLED_ORDERS:,} orders until confirmed, each with {READS_PER_ORDER} product reads",
        cost.orders,
    )
    parcels = _bill_table(f"Their {BILLED_ORDERS:,} parcels until delivered", cost.parcels)
    idle = _bill_table("An idle month", cost.idle)
    idle.caption = (
        f"List prices of {source['date']}, {source['region']}, in US dollars. {source['note']}"
    )
    return Group(orders, parcels, _services_table(cost.services), idle)


def _services_table(services: Mapping[str, float]) -> Table:
    table = _new_table("Orders and parcels by service", "service", "USD", "share")
    for service, usd in services.items():
        table.add_row(service, f"{usd:.4f}", f"{usd / sum(services.values()):.0%}")
    return table


def _bill_table(title: str, lines: Sequence[BillLine]) -> Table:
    table = _new_table(title, "service", "what", "quantity", "USD", "share")
    total = prices.total_usd(list(lines))
    services = _without_repetitions(line.service for line in lines)
    for line, service in zip(lines, services, strict=True):
        share = f"{line.usd / total:.0%}"
        table.add_row(service, line.what, f"{line.quantity:,.4g}", f"{line.usd:.4f}", share)
    table.add_row("total", "", "", f"{total:.4f}", "", style="bold")
    return table


def _without_repetitions(names: Iterator[str]) -> Iterator[str]:
    """Replaces a name that equals the one before by an empty text."""
    previous = None
    for name in names:
        yield "" if name == previous else name
        previous = name


def _new_table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 1 or column == "calls" else "right")
    return table
