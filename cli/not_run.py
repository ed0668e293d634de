"""A pytest plugin of `./souk test`: skips what was not requested or cannot run on this machine.

Skipped tests are listed with the reason and do not count as passed. It is loaded by name, so that
each worker of pytest-xdist loads it too.
"""

import os
from pathlib import Path

import pytest

from cli import browser

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked `all`")


@pytest.hookimpl(trylast=True)  # after the conftest files have added their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons = dict(_reasons(include_long=config.getoption("--long")))
    for item in items:
        for marker, reason in reasons.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def _reasons(*, include_long: bool) -> list[tuple[str, str]]:
    """The markers of tests that do not run, and why not."""
    can_run = [
        (include_long, "all", "only with --all"),
        (browser.find_chromium(), "browser", browser.NO_CHROMIUM),
        (real_data_folder(), "data", "no data of a real shop; set SOUK_DATA to its folder"),
    ]
    return [(marker, reason) for enabled, marker, reason in can_run if not enabled]


def real_data_folder() -> Path | None:
    """The folder with order data of a real shop: $SOUK_DATA or the default. None if absent."""
    folder = Path(os.environ.get("SOUK_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None
