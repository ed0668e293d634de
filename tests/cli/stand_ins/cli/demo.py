"""Demo products that refuse to be listed where the shop's folder says so."""

from collections.abc import Callable


class DemoError(Exception):
    """A refusal in one sentence."""


def load_catalogue(base_url: str, staff_token: str, say: Callable[[str], None]) -> int:
    if base_url.endswith(":83/"):
        raise DemoError("The demo products could not be listed.")
    say(f"Demo catalogue listed by {staff_token}")
    return 24
