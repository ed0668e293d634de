"""Ada and Sam, whose tokens are easy to read."""

from local.shop import Running


class NobodyThere(Exception):
    """A refusal in one sentence."""


def ensure(running: Running) -> None:
    with (running.state / "diary").open("a") as diary:
        diary.write("people\n")


def token(running: Running, name: str) -> str:
    if name not in ("ada", "sam"):
        raise NobodyThere(f"There is no {name!r} in this shop.")
    return f"token-of-{name}-at-{running.port}"
