"""`./souk up`: opens the shop, says where everything is, and stays until it is told to stop."""

import time

import click

from cli.opening import DEFAULT_PORT, open_shop
from cli.say import columns, command, note
from local.shop import Running, Shop


def up(shop: Shop, *, port: int | None, detach: bool, fresh: bool, demo: bool, watch: bool) -> None:
    """Open the shop; unless detached, keep it until Ctrl-C and then close it.

    A shop that was open before stays open.
    """
    before = shop.running()
    port = port or (before.port if before else DEFAULT_PORT)
    running = open_shop(shop, port=port, fresh=fresh, demo=demo)
    stays = detach or _same(before, running)
    if stays:
        note(_places(running, command("down", shop.state)))
    if watch or not stays:
        _attend(shop, running, watch=watch, stays=stays)


def _attend(shop: Shop, running: Running, *, watch: bool, stays: bool) -> None:
    def goes_on() -> bool:
        return _same(shop.running(), running)

    try:
        if not stays:
            note(_places(running, "Ctrl-C"))
        if watch:
            from cli.watching import watch as follow

            follow(shop, goes_on)
        while goes_on():
            time.sleep(0.5)
    finally:
        if not stays and goes_on():
            note("\nStopping the shop …")
            shop.stop()
        elif shop.running() is None:
            shop.stop()  # what was killed leaves a folder
    raise click.ClickException(
        f"The shop has stopped, though not by this command; {running.state}/cloud.log may say why."
    )


def _same(one: Running | None, other: Running) -> bool:
    return one is not None and one.pid == other.pid


def _places(running: Running, ending: str) -> str:
    where = [
        ("Shop", running.urls["storefront"]),
        ("API", running.urls["api"]),
        ("API reference", running.urls["docs"]),
        ("State", running.state),
        ("A token", command("token --as ada", running.state) + "  (customer; sam is staff)"),
        ("To stop", ending),
    ]
    if running.left_out:
        where.append(("Left out here", ", ".join(running.left_out)))
    return f"\nThe shop is open.\n\n{columns(where)}\n"
