"""Guarantee G1: a checkout accepted with 202 creates exactly one order, even if repeated."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import httpx
import pytest

from local.shop import RunningShop
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


def test_fifty_double_clicks_create_fifty_orders(shop: RunningShop) -> None:
    sku = Staff(shop).list_product(price=250)
    guests = [Guest(shop) for _ in range(50)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda guest: guest.put(sku, 2), guests))
        requests = list(threads.map(Guest.checkout_request, guests))

    def double_click(guest: Guest, request: dict[str, object]) -> set[str]:
        key, barrier = new_key(), Barrier(2)

        def click() -> httpx.Response:
            barrier.wait()
            return guest.check_out(request, key)

        with ThreadPoolExecutor(2) as threads:
            clicks = [threads.submit(click), threads.submit(click)]
        responses = [future.result() for future in clicks]
        assert [response.status_code for response in responses] == [202, 202]
        return {response.json()["order_id"] for response in responses}

    order_ids = [
        double_click(guest, request) for guest, request in zip(guests, requests, strict=True)
    ]

    assert all(len(ids) == 1 for ids in order_ids)
    for guest, ids in zip(guests, order_ids, strict=True):
        guest.wait_for_order(*ids)
    assert [len(guest.orders()) for guest in guests] == [1] * 50


def test_two_tabs_with_different_keys_check_out_a_basket_once(shop: RunningShop) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    request = guest.checkout_request()

    with ThreadPoolExecutor(2) as tabs:
        responses = list(tabs.map(lambda _: guest.check_out(request, new_key()), range(2)))

    assert sorted(response.status_code for response in responses) == [202, 409]
    (accepted,) = (response for response in responses if response.status_code == 202)
    guest.wait_for_order(accepted.json()["order_id"])
    assert len(guest.orders()) == 1


def test_a_checkout_repeated_after_a_lost_response_returns_the_same_order(
    shop: RunningShop,
) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    request, key = guest.checkout_request(), new_key()

    _check_out_without_reading_the_response(shop, guest, request, key)
    (stored,) = wait_until("the order", guest.orders)
    repeated = guest.check_out(request, key)

    assert repeated.status_code == 202
    assert repeated.json()["order_id"] == stored["order_id"]
    assert len(guest.orders()) == 1


def test_the_same_key_with_another_body_is_rejected(shop: RunningShop) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    request, key = guest.checkout_request(), new_key()
    guest.check_out(request, key)

    other = guest.check_out(request | {"payment_token": "tok_other"}, key)

    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


def test_a_rejected_checkout_does_not_bind_its_key(shop: RunningShop) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    request, key = guest.checkout_request(), new_key()
    wrong_total = request | {"expected_total": {"amount": 1, "currency": "GBP"}}
    assert guest.check_out(wrong_total, key).status_code == 409

    accepted = guest.check_out(request, key)

    assert accepted.status_code == 202


def _check_out_without_reading_the_response(
    shop: RunningShop, guest: Guest, request: dict[str, object], key: str
) -> None:
    """Send the whole request and close the connection after the first byte of the response."""
    body = json.dumps(request)
    address = urlsplit(shop.urls["api"])
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(
            (
                "POST /api/guest/basket/checkout HTTP/1.1\r\n"
                f"Host: {address.netloc}\r\n"
                f"Guest-Token: {guest.http.headers['Guest-Token']}\r\n"
                f"Idempotency-Key: {key}\r\n"
                "Content-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
        connection.recv(1)  # the shop has responded, but its response is lost
