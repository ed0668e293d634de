"""Measures the memory of a running shop."""

import re
import subprocess
from dataclasses import dataclass
from statistics import median
from typing import Any

from local.shop import RunningShop

_WORKER = re.compile(r"ministack-lambda-(Souk|Floor)-\S+/_worker\.py$")
_OWNER_BY_STACK = {"Souk": "shop", "Floor": "floor"}


@dataclass(frozen=True)
class MemoryUse:
    """Resident memory in MB: of all processes, and the median of a function by `shop`, `floor`."""

    processes: int
    resident_mb: float
    function_mb: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return {
            "processes": self.processes,
            "mb": self.resident_mb,
            "function_mb": self.function_mb,
        }


def measure_memory(running: RunningShop) -> MemoryUse:
    """As the operating system counts it: memory pages shared by processes count for each."""
    completed = subprocess.run(
        ["/bin/ps", "-A", "-o", "pgid=,rss=,args="], capture_output=True, text=True, check=True
    )
    return parse_processes(completed.stdout, running.pid)


def parse_processes(listing: str, group: int) -> MemoryUse:
    """`listing` has a line per process: process group, kilobytes, command."""
    rows = [line.split(None, 2) for line in listing.splitlines()]
    processes = [(int(size) / 1024, args) for pgid, size, args in rows if int(pgid) == group]
    function_sizes: dict[str, list[float]] = {}
    for size, args in processes:
        if match := _WORKER.search(args):
            function_sizes.setdefault(_OWNER_BY_STACK[match[1]], []).append(size)
    return MemoryUse(
        processes=len(processes),
        resident_mb=round(sum(size for size, _ in processes), 1),
        function_mb={owner: round(median(sizes), 1) for owner, sizes in function_sizes.items()},
    )
