"""Runs all benchmarks of `./souk bench` on a running shop."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench import extreme_cases, imports, products, watch
from bench.floor.deploy import deploy_floor
from bench.memory import MemoryUse, measure_memory
from bench.metering import Counts, Meter, meter_steps
from bench.results import StepResult
from bench.shop_client import floor_client, shop_client
from bench.steps import STEPS, Pair, Step
from local.shop import RunningShop

Note = Callable[[str], None]


@dataclass(frozen=True)
class BenchmarkReport:
    """All measurements: times, AWS calls and capacity units, memory and imports."""

    machine: dict[str, Any]
    results: Sequence[StepResult]
    metered: Mapping[str, Mapping[str, Counts]]
    memory_idle: MemoryUse
    memory_after: MemoryUse
    imports: Mapping[str, Mapping[str, float]]

    @property
    def missed(self) -> list[str]:
        """The steps whose target was missed."""
        return [
            result.step
            for result in self.results
            if result.target and not result.target.is_met_by(result)
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "steps": {result.step: result.as_json() for result in self.results},
            "metered": self.metered,
            "memory": {"idle": self.memory_idle.as_json(), "after": self.memory_after.as_json()},
            "imports_ms": self.imports,
            "missed": self.missed,
        }


def run_benchmarks(
    running: RunningShop, note: Note, steps: Sequence[Step] = STEPS
) -> BenchmarkReport:
    """Measure a fresh shop. Afterwards it has thousands of products and hundreds of orders."""
    note("Listing products")
    products.list_products(running)
    memory_idle = measure_memory(running)
    note("Deploying the floor and filling the tables of shop and floor")
    floor_outputs = deploy_floor(running)
    products.fill_tables(running, floor_outputs)
    shop, floor = shop_client(running), floor_client(running, floor_outputs)
    meter = Meter(running)
    note("Metering")
    metered = {client.name: meter_steps(client, meter) for client in (shop, floor)}
    pair = Pair(shop, floor, running.session(), meter.wait_until_idle)
    results: list[StepResult] = []
    for step in steps:
        note(f"Measuring: {step.__name__.replace('_', ' ')}")
        results += step(pair)
    note(f"Listing {len(products.MANY_SKUS)} more products")
    products.list_many_products(running)
    note(f"Metering {extreme_cases.LARGE_ORDER}")
    metered["shop"] |= extreme_cases.meter_large_order(shop, meter)
    for step in (extreme_cases.large_orders, extreme_cases.last_items):
        note(f"Measuring: {step.__name__.replace('_', ' ')}")
        results += step(pair)
    note("Measuring: saved files of a shop that runs with --watch")
    results += watch.measure_saved_files()
    note("Measuring imports")
    return BenchmarkReport(
        machine=describe_machine(),
        results=results,
        metered=metered,
        memory_idle=memory_idle,
        memory_after=measure_memory(running),
        imports=imports.measure_imports(),
    )


def describe_machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "cpu": platform.machine(),
        "python": platform.python_version(),
    }
