"""The system's Chromium, in which the pages are tested and pictured."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET = "no Chromium: install the package `chromium`, or name one in SOUK_CHROMIUM"


def chromium() -> Path | None:
    """Where it is; None on a machine without one."""
    named = os.environ.get("SOUK_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None
