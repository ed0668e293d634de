"""Opens a shop for a command, and closes it again when the command ends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from cli.demo import load_catalogue
from cli.say import note
from infra.synth import openapi_path, synthesize
from local import people
from local.shop import Running, Shop

DEFAULT_PORT = 8000


def open_shop(shop: Shop, *, port: int, fresh: bool = False, demo: bool = False) -> Running:
    """The shop with the template as it is now, its demo people and, if asked, its demo products."""
    was_open = shop.running() is not None
    assembly = synthesize(note)
    running = shop.start(assembly, openapi_path(assembly), port, fresh, note)
    try:
        people.ensure(running)
        if demo:
            load_catalogue(running.urls["storefront"], people.token(running, "sam"), note)
    except BaseException:
        if fresh or not was_open:
            shop.stop()
        raise
    return running


@contextmanager
def at_hand(shop: Shop) -> Iterator[Running]:
    """The running shop; if there is none, one for as long as it is needed."""
    if running := shop.running():
        people.ensure(running)
        yield running
        return
    note("The shop is not running; it is started for this command and stopped afterwards.")
    running = open_shop(shop, port=_free_port())
    try:
        yield running
    finally:
        shop.stop()
        note("The shop is stopped.")


def _free_port() -> int:
    """The usual port if it is free, so that the shop can be watched where it always is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
