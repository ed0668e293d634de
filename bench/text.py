"""Reports as tables, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from bench import prices
from bench.cost import ORDERS, READS, Cost
from bench.figures import Figures
from bench.metering import Counts
from bench.prices import Line
from bench.run import Report


def report(measured: Report) -> RenderableType:
    """The tables of `./souk bench`."""
    return Group(
        _times(measured.figures),
        _metered(measured.metered),
        _memory(measured),
        _imports(measured.imports),
    )


def _times(figures: Sequence[Figures]) -> Table:
    table = _table("Shop and floor in turn", "step", "", "shop", "floor", "ratio", "spread",
                   "target", "")  # fmt: skip
    for each in figures:
        table.add_row(
            each.step,
            each.unit,
            f"{median(each.shop):.1f}",
            *_beside_the_floor(each),
            str(each.target or ""),
            "" if each.target is None else "met" if each.target.met(each) else "MISSED",
        )
    table.caption = "Medians; the spread of their ratio is a bootstrap's 95 % interval."
    return table


def _beside_the_floor(figures: Figures) -> tuple[str, str, str]:
    if not figures.compared:
        return "", "", ""
    low, high = figures.spread()
    return f"{median(figures.floor):.1f}", f"{figures.ratio:.2f}", f"{low:.2f} to {high:.2f}"


def _metered(metered: Mapping[str, Mapping[str, Counts]]) -> Table:
    table = _table("What a step makes AWS do", "step", "", "read units", "write units", "calls")
    for step in metered["shop"]:
        for whose, steps in metered.items():
            if step not in steps:
                continue
            counts = steps[step]
            units = (f"{counts.get(kind, 0):g}" for kind in ("read_units", "write_units"))
            table.add_row(step if whose == "shop" else "", whose, *units, _calls(counts))
    return table


def _calls(counts: Counts) -> str:
    calls: dict[str, float] = counts["calls"]
    return ", ".join(f"{number:g} {name.partition(':')[2]}" for name, number in calls.items())


def _memory(measured: Report) -> Table:
    table = _table("Resident memory, MB", "", "processes", "all", "a shop's function", "a floor's")
    for when, held in (("opened and stocked", measured.idle), ("at the end", measured.busy)):
        functions = (str(held.functions.get(whose, "")) for whose in ("shop", "floor"))
        table.add_row(when, str(held.processes), str(held.resident), *functions)
    return table


def _imports(imports: Mapping[str, Mapping[str, float]]) -> Table:
    entries = list(imports)
    table = _table(
        "A cold start's imports, ms", "", *(each.removeprefix("souk.") for each in entries)
    )
    names = sorted({name for each in imports.values() for name in each})
    for name in names:
        table.add_row(name, *(f"{imports[entry].get(name, 0):.1f}" for entry in entries))
    table.add_row("all", *(f"{sum(imports[entry].values()):.1f}" for entry in entries))
    return table


def bills(cost: Cost) -> RenderableType:
    """The tables of `./souk cost`."""
    known = prices.table()
    orders = _bill(
        f"{ORDERS:,} orders, each with {READS} reads, basket, checkout, confirmed", cost.orders
    )
    parcels = _bill(f"Their {ORDERS:,} parcels, dispatched and delivered", cost.parcels)
    idle = _bill("A month of a shop that nobody visits", cost.idle)
    idle.caption = (
        f"List prices of {known['date']}, {known['region']}, in US dollars. {known['note']}"
    )
    return Group(orders, parcels, _rooms(cost.rooms), idle)


def _rooms(rooms: Mapping[str, float]) -> Table:
    table = _table("Both by room", "room", "USD", "of all")
    for room, usd in rooms.items():
        table.add_row(room, f"{usd:.4f}", f"{usd / sum(rooms.values()):.0%}")
    return table


def _bill(title: str, lines: Sequence[Line]) -> Table:
    table = _table(title, "service", "what", "quantity", "USD", "of all")
    whole = prices.total(list(lines))
    for each, service in zip(lines, _once(line.service for line in lines), strict=True):
        share = f"{each.usd / whole:.0%}"
        table.add_row(service, each.what, f"{each.quantity:,.4g}", f"{each.usd:.4f}", share)
    table.add_row("all", "", "", f"{whole:.4f}", "", style="bold")
    return table


def _once(names: Iterator[str]) -> Iterator[str]:
    before = None
    for name in names:
        yield "" if name == before else name
        before = name


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 1 or column == "calls" else "right")
    return table
