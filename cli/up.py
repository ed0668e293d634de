"""`./souk up`: opens the shop, says where everything is, and stays until it is told to stop."""

import time

import click

from cli.opening import DEFAULT_PORT, open_shop
from cli.say import columns, command, note
from local.shop import Running, Shop


def up(shop: Shop, *, port: int | None, detach: bool, fresh: bool, demo: bool) -> None:
    """Open the shop; unless detached, keep it until Ctrl-C and then close it."""
    before = shop.running()
    port = port or (before.port if before else DEFAULT_PORT)
    running = open_shop(shop, port=port, fresh=fresh, demo=demo)
    stays = detach or _same(before, running)
    if stays:
        note(_places(running, command("down", shop.state)))
    else:
        _attend(shop, running)


def _attend(shop: Shop, running: Running) -> None:
    try:
        note(_places(running, "Ctrl-C"))
        while _same(shop.running(), running):
            time.sleep(0.5)
    finally:
        left = shop.running()
        if _same(left, running):
            note("\nStopping the shop …")
        if left is None or _same(left, running):
            shop.stop()
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
