"""`./souk up`: starts the shop, prints its addresses, and keeps it running until Ctrl-C."""

import time

import click

from cli.output import columns, command, note
from cli.start_shop import DEFAULT_PORT, start_shop
from local.shop import RunningShop, Shop


def up(shop: Shop, *, port: int | None, detach: bool, fresh: bool, demo: bool, watch: bool) -> None:
    """Start the shop. Unless `detach` is set, wait for Ctrl-C and then stop it.

    A shop that was running before is updated and keeps running when the command ends.
    """
    before = shop.find_running()
    port = port or (before.port if before else DEFAULT_PORT)
    running = start_shop(shop, port=port, fresh=fresh, demo=demo)
    keep_running = detach or _is_same_process(before, running)
    if keep_running:
        note(_summary(running, stop=command("down", shop.state)))
    if watch or not keep_running:
        _wait_for_end(shop, running, watch=watch, keep_running=keep_running)


def _wait_for_end(shop: Shop, running: RunningShop, *, watch: bool, keep_running: bool) -> None:
    """Block until Ctrl-C, and watch for changed files meanwhile if `watch` is set.

    Raises click.ClickException when the shop stops for another reason.
    """

    def is_running() -> bool:
        return _is_same_process(shop.find_running(), running)

    try:
        if not keep_running:
            note(_summary(running, stop="Ctrl-C"))
        if watch:
            from cli.watch import watch_files

            watch_files(shop, is_running)
        while is_running():
            time.sleep(0.5)
    finally:
        if not keep_running and is_running():
            note("\nStopping the shop …")
            shop.stop()
        elif shop.find_running() is None:
            shop.stop()  # removes the temporary folder of a killed shop
    raise click.ClickException(
        f"The shop was stopped, but not by this command. See {running.state}/cloud.log."
    )


def _is_same_process(one: RunningShop | None, other: RunningShop) -> bool:
    return one is not None and one.pid == other.pid


def _summary(running: RunningShop, *, stop: str) -> str:
    """The shop's addresses and what to do next; `stop` says how to stop the shop."""
    token = command("token --as ada", running.state)
    rows = [
        ("Shop", running.urls["storefront"]),
        ("API", running.urls["api"]),
        ("API reference", running.urls["docs"]),
        ("State", running.state),
        ("Token", f"{token}  (customer), --as sam  (staff)"),
        ("Stop", stop),
    ]
    if running.omitted_types:
        rows.append(("Not deployed", ", ".join(running.omitted_types)))
    return f"\nThe shop is running.\n\n{columns(rows)}\n"
