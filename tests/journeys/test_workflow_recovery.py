"""Orders are decided even if a restart interrupts their workflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.demo import create_demo_shipping_options
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.process import kill_group
from local.shop import RunningShop, Shop
from tests.conftest import free_port
from tests.journeys.visitor import Guest, Staff
from tests.local.conftest import eventually

pytestmark = [pytest.mark.cloud, pytest.mark.all, pytest.mark.timeout(400)]

RECOVERY_TIMEOUT_SECONDS = 150.0  # the reconciler runs each minute, on orders of a minute ago


def stop(shop: Shop, _running: RunningShop) -> None:
    assert shop.stop()


def kill(shop: Shop, running: RunningShop) -> None:
    kill_group(running.pid)
    assert eventually(lambda: shop.find_running() is None)


@pytest.mark.parametrize("end", [stop, kill])
def test_orders_interrupted_by_a_restart_are_confirmed(
    tmp_path: Path, end: Callable[[Shop, RunningShop], None]
) -> None:
    assembly = synthesize(print)
    shop = Shop(tmp_path / "state")

    def start() -> RunningShop:
        running = shop.start(assembly, openapi_path(assembly), free_port(), False, print)
        demo_users.ensure_exist(running)
        create_demo_shipping_options(running.urls["storefront"], demo_users.sign_in(running, "sam"))
        return running

    first = start()
    sku = Staff(first).list_product()
    guests = [Guest(first) for _ in range(5)]
    for guest in guests:
        guest.put(sku)
    orders = [guest.place_order("tok_slow") for guest in guests]
    assert [
        guest.wait_for_order(order)["status"] for guest, order in zip(guests, orders, strict=True)
    ] == ["placed"] * 5
    end(shop, first)

    second = start()
    try:
        pending = {
            order: same_guest(second, guest) for order, guest in zip(orders, guests, strict=True)
        }
        deadline = time.monotonic() + RECOVERY_TIMEOUT_SECONDS
        while pending and time.monotonic() < deadline:
            pending = {
                order: guest for order, guest in pending.items() if not is_confirmed(guest, order)
            }
            time.sleep(1)
        assert pending == {}
        assert Staff(second).stock(sku)["available"] == 1000 - 5
    finally:
        shop.stop()


def same_guest(shop: RunningShop, guest: Guest) -> Guest:
    """The guest, who now uses the restarted shop."""
    returning = Guest(shop)
    returning.http.headers["Guest-Token"] = guest.http.headers["Guest-Token"]
    return returning


def is_confirmed(guest: Guest, order_id: str) -> bool:
    status: str = guest.wait_for_order(order_id)["status"]
    return status == "confirmed"
