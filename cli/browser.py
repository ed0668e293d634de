"""Finds the system's Chromium, for the browser tests and the screenshots."""

import os
import shutil
from pathlib import Path

PROGRAM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = "no Chromium: install the package `chromium`, or set SOUK_CHROMIUM to its path"


def find_chromium() -> Path | None:
    """The path of $SOUK_CHROMIUM if it is set, else of the first program on $PATH, or None."""
    configured = os.environ.get("SOUK_CHROMIUM")
    if configured:
        found = shutil.which(configured)
    else:
        found = next(filter(None, map(shutil.which, PROGRAM_NAMES)), None)
    return Path(found) if found else None
