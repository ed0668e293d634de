"""The whole of `./souk bench`, on a shop that is running, and what comes of it."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench import extremes, imports, stock, watching
from bench.figures import Figures
from bench.floor.deploy import deploy
from bench.memory import Memory, memory
from bench.metering import Counts, Meter, by_step
from bench.site import sites
from bench.steps import STEPS, Pair, Step
from local.shop import Running

Say = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """Everything that was measured: on the clock, on the wire, in memory."""

    machine: dict[str, Any]
    figures: Sequence[Figures]
    metered: Mapping[str, Mapping[str, Counts]]
    idle: Memory
    busy: Memory
    imports: Mapping[str, Mapping[str, float]]

    @property
    def missed(self) -> list[str]:
        """Steps whose target was not reached."""
        return [each.step for each in self.figures if each.target and not each.target.met(each)]

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "steps": {each.step: each.as_json() for each in self.figures},
            "metered": self.metered,
            "memory": {"idle": self.idle.as_json(), "after": self.busy.as_json()},
            "imports_ms": self.imports,
            "missed": self.missed,
        }


def bench(running: Running, say: Say, steps: Sequence[Step] = STEPS) -> Report:
    """Measure a fresh shop. It is full of products and orders afterwards."""
    say("Listing products")
    stock.list_products(running)
    idle = memory(running)
    say("Deploying the floor, and filling the shelves of both")
    outputs = deploy(running)
    stock.fill(running, outputs)
    shop, floor = sites(running, outputs)
    meter = Meter(running.endpoint)
    say("Metering")
    metered = {site.name: by_step(site, meter) for site in (shop, floor)}
    pair = Pair(shop, floor, running.session(), meter.rest)
    figures: list[Figures] = []
    for step in steps:
        say(f"Measuring: {step.__name__.replace('_', ' ')}")
        figures += step(pair)
    say(f"Listing {len(stock.MANY)} products more")
    stock.list_more(running)
    say(f"Metering {extremes.WHOLESALE}")
    metered["shop"] |= extremes.metered(shop, meter)
    for step in (extremes.large_orders, extremes.race):
        say(f"Measuring: {step.__name__.replace('_', ' ')}")
        figures += step(pair)
    say("Measuring: saved files, on a shop that follows them")
    figures += watching.saved_files()
    say("Weighing imports")
    return Report(machine(), figures, metered, idle, memory(running), imports.shares())


def machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "cpu": platform.machine(),
        "python": platform.python_version(),
    }
