"""Demo data that cannot be loaded into a shop on port 83."""

from collections.abc import Callable


class DemoError(Exception):
    """A message of one sentence."""


def load_demo_data(base_url: str, staff_token: str, note: Callable[[str], None]) -> int:
    if base_url.endswith(":83/"):
        raise DemoError("The demo products could not be listed.")
    note(f"Demo catalogue listed by {staff_token}")
    return 24
