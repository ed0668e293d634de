"""The demo users ada and sam, with readable tokens."""

from local.shop import RunningShop


class UnknownDemoUser(Exception):
    """A message of one sentence."""


def ensure_exist(running: RunningShop) -> None:
    with (running.state / "calls").open("a") as calls:
        calls.write("create demo users\n")


def sign_in(running: RunningShop, name: str) -> str:
    if name not in ("ada", "sam"):
        raise UnknownDemoUser(f"There is no {name!r} in this shop.")
    return f"token-of-{name}-at-{running.port}"
