"""Orders whose workflow a restart cut off are concluded all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.demo import offer_shipping
from infra.synth import openapi_path, synthesize
from local import people
from local.process import kill_group
from local.shop import Running, Shop
from tests.conftest import free_port
from tests.journeys.visitor import Guest, Staff
from tests.local.conftest import soon

pytestmark = [pytest.mark.cloud, pytest.mark.all, pytest.mark.timeout(400)]

AT_MOST = 150.0  # seconds: an order is left alone for one minute, and the clock strikes each minute


def stopped(home: Shop, _running: Running) -> None:
    assert home.stop()


def killed(home: Shop, running: Running) -> None:
    kill_group(running.pid)
    assert soon(lambda: home.running() is None)  # it takes a moment to be gone


@pytest.mark.parametrize("ended", [stopped, killed])
def test_orders_cut_off_by_a_restart_are_concluded(
    tmp_path: Path, ended: Callable[[Shop, Running], None]
) -> None:
    assembly = synthesize(print)
    home = Shop(tmp_path / "state")

    def opened() -> Running:
        running = home.start(assembly, openapi_path(assembly), free_port(), False, print)
        people.ensure(running)
        offer_shipping(running.urls["storefront"], people.token(running, "sam"))
        return running

    first = opened()
    sku = Staff(first).list_product()
    guests = [Guest(first) for _ in range(5)]
    for guest in guests:
        guest.put(sku)
    orders = [guest.buys("tok_slow") for guest in guests]
    assert [guest.sees(each)["status"] for guest, each in zip(guests, orders, strict=True)] == [
        "placed"
    ] * 5
    ended(home, first)

    again = opened()
    try:
        left = {order: returning(again, guest) for order, guest in zip(orders, guests, strict=True)}
        deadline = time.monotonic() + AT_MOST
        while left and time.monotonic() < deadline:
            left = {order: guest for order, guest in left.items() if not confirmed(guest, order)}
            time.sleep(1)
        assert left == {}
        assert Staff(again).stock(sku)["available"] == 1000 - 5
    finally:
        home.stop()


def returning(shop: Running, guest: Guest) -> Guest:
    same = Guest(shop)
    same.http.headers["Guest-Token"] = guest.http.headers["Guest-Token"]
    return same


def confirmed(guest: Guest, order_id: str) -> bool:
    status: str = guest.sees(order_id)["status"]
    return status == "confirmed"
