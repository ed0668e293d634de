"""Starts a local shop for a command, and stops it when the command ends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from cli.demo import load_demo_data
from cli.output import note
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.shop import RunningShop, Shop

DEFAULT_PORT = 8000


def start_shop(shop: Shop, *, port: int, fresh: bool = False, demo: bool = False) -> RunningShop:
    """Start or update the shop: the current template, the demo users and, with `demo`, products.

    If it fails after the start, a shop that was not running before is stopped again.
    """
    was_running = shop.find_running() is not None
    assembly = synthesize(note)
    running = shop.start(assembly, openapi_path(assembly), port, fresh, note)
    try:
        demo_users.ensure_exist(running)
        if demo:
            load_demo_data(running.urls["storefront"], demo_users.sign_in(running, "sam"), note)
    except BaseException:
        if fresh or not was_running:
            shop.stop()
        raise
    return running


@contextmanager
def running_shop(shop: Shop) -> Iterator[RunningShop]:
    """The running shop. If it is not running, it is started for the duration of the block."""
    if running := shop.find_running():
        demo_users.ensure_exist(running)
        yield running
        return
    note("The shop is not running. It is started for this command and stopped afterwards.")
    running = start_shop(shop, port=_free_port())
    try:
        yield running
    finally:
        shop.stop()
        note("The shop is stopped.")


def _free_port() -> int:
    """The default port if it is free, so that the pages are at their usual address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
