"""The output of other programs is parsed: import times and memory."""

import pytest

from bench import imports
from bench.imports import OWN_TIME, sum_by_library
from bench.memory import parse_processes


def test_import_times_are_summed_by_library() -> None:
    printed = [
        "import time: self [us] | cumulative | imported package",
        "import time:      1000 |       1000 |   json",
        "import time:      2500 |       9000 |     botocore.session",
        "import time:       500 |        500 |     urllib3",
        "import time:      4000 |      20000 | souk.catalog.api",
        "import time:      1500 |       1500 |   souk.kernel.aws",
    ]

    times = sum_by_library(printed, "souk.catalog.api")

    assert times == {OWN_TIME: 4.0, "botocore": 3.0, "souk": 1.5, "Python": 1.0}


@pytest.mark.parametrize("entry_point", imports.ENTRY_POINTS)
def test_each_entry_point_starts_with_the_environment_of_the_measurement(entry_point: str) -> None:
    printed = imports.print_import_times(entry_point, str(imports.SRC))

    assert sum(sum_by_library(printed, entry_point).values()) > 0


def test_memory_is_counted_for_the_processes_of_the_shop() -> None:
    listing = """\
 100  204800 python -m local.cloud --state .souk
 100   51200 python /tmp/ministack-lambda-Souk-dev-BasketApi-x1/_worker.py
 100   49152 python /tmp/ministack-lambda-Souk-dev-CatalogApi-x2/_worker.py
 100   40960 python /tmp/ministack-lambda-Floor-Basket-x3/_worker.py
 200  999999 python /tmp/ministack-lambda-Souk-dev-BasketApi-x4/_worker.py
"""

    use = parse_processes(listing, group=100)

    assert (use.processes, use.resident_mb) == (4, 338.0)
    assert use.function_mb == {"shop": 49.0, "floor": 40.0}
