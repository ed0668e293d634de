"""What other programs print, read: import times and memory."""

import pytest

from bench import imports
from bench.imports import STARTING, by_library
from bench.memory import read


def test_import_times_add_up_by_library() -> None:
    printed = [
        "import time: self [us] | cumulative | imported package",
        "import time:      1000 |       1000 |   json",
        "import time:      2500 |       9000 |     botocore.session",
        "import time:       500 |        500 |     urllib3",
        "import time:      4000 |      20000 | souk.catalog.api",
        "import time:      1500 |       1500 |   souk.kernel.aws",
    ]

    spent = by_library(printed, "souk.catalog.api")

    assert spent == {STARTING: 4.0, "botocore": 3.0, "souk": 1.5, "Python": 1.0}


@pytest.mark.parametrize("entry", imports.ENTRIES)
def test_what_is_weighed_starts_with_the_settings_it_gets(entry: str) -> None:
    assert sum(by_library(imports.printed(entry, str(imports.SRC)), entry).values()) > 0


def test_memory_is_that_of_the_shops_own_processes() -> None:
    listing = """\
 100  204800 python -m local.cloud --state .souk
 100   51200 python /tmp/ministack-lambda-Souk-dev-BasketApi-x1/_worker.py
 100   49152 python /tmp/ministack-lambda-Souk-dev-CatalogApi-x2/_worker.py
 100   40960 python /tmp/ministack-lambda-Floor-Basket-x3/_worker.py
 200  999999 python /tmp/ministack-lambda-Souk-dev-BasketApi-x4/_worker.py
"""

    held = read(listing, group=100)

    assert (held.processes, held.resident) == (4, 338.0)
    assert held.functions == {"shop": 49.0, "floor": 40.0}
