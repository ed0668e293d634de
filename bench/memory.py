"""How much memory a running shop holds."""

import re
import subprocess
from dataclasses import dataclass
from statistics import median
from typing import Any

from local.shop import Running

_WORKER = re.compile(r"ministack-lambda-(Souk|Floor)-\S+/_worker\.py$")


@dataclass(frozen=True)
class Memory:
    """Resident megabytes: of all processes together, and of one function's, by whose it is."""

    processes: int
    resident: float
    functions: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return {"processes": self.processes, "mb": self.resident, "function_mb": self.functions}


def memory(running: Running) -> Memory:
    """What the operating system says now; pages that processes share are counted in each."""
    asked = subprocess.run(
        ["/bin/ps", "-A", "-o", "pgid=,rss=,args="], capture_output=True, text=True, check=True
    )
    return read(asked.stdout, running.pid)


def read(listing: str, group: int) -> Memory:
    """From lines of process group, kilobytes and command."""
    rows = [line.split(None, 2) for line in listing.splitlines()]
    ours = [(int(size) / 1024, args) for pgid, size, args in rows if int(pgid) == group]
    functions: dict[str, list[float]] = {}
    for size, args in ours:
        if found := _WORKER.search(args):
            functions.setdefault({"Souk": "shop", "Floor": "floor"}[found[1]], []).append(size)
    return Memory(
        processes=len(ours),
        resident=round(sum(size for size, _ in ours), 1),
        functions={whose: round(median(sizes), 1) for whose, sizes in functions.items()},
    )
