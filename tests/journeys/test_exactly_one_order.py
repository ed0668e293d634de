"""Guarantee G1: a checkout answered 202 becomes exactly one order, whatever is repeated."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import httpx
import pytest

from local.shop import Running
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


def test_fifty_double_clicks_make_fifty_orders(shop: Running) -> None:
    sku = Staff(shop).list_product(price=250)
    guests = [Guest(shop) for _ in range(50)]
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda guest: guest.put(sku, 2), guests))
        wishes = list(hands.map(Guest.wish, guests))

    def double_click(guest: Guest, wish: dict[str, object]) -> set[str]:
        key, moment = new_key(), Barrier(2)

        def click() -> httpx.Response:
            moment.wait()
            return guest.check_out(wish, key)

        with ThreadPoolExecutor(2) as both:
            clicks = [both.submit(click), both.submit(click)]
        answers = [each.result() for each in clicks]
        assert [answer.status_code for answer in answers] == [202, 202]
        return {answer.json()["order_id"] for answer in answers}

    answered = [double_click(*each) for each in zip(guests, wishes, strict=True)]

    assert all(len(ids) == 1 for ids in answered)
    for guest, ids in zip(guests, answered, strict=True):
        guest.sees(*ids)
    assert [len(guest.orders()) for guest in guests] == [1] * 50


def test_two_tabs_with_keys_of_their_own_buy_one_basket_once(shop: Running) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    wish = guest.wish()

    with ThreadPoolExecutor(2) as tabs:
        answers = list(tabs.map(lambda _: guest.check_out(wish, new_key()), range(2)))

    assert sorted(answer.status_code for answer in answers) == [202, 409]
    (accepted,) = (answer for answer in answers if answer.status_code == 202)
    guest.sees(accepted.json()["order_id"])
    assert len(guest.orders()) == 1


def test_a_lost_answer_asked_again_with_the_same_key_is_the_same_order(shop: Running) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    wish, key = guest.wish(), new_key()

    _check_out_and_hang_up(shop, guest, wish, key)
    (stored,) = until("the unheard checkout", guest.orders)
    again = guest.check_out(wish, key)

    assert again.status_code == 202
    assert again.json()["order_id"] == stored["order_id"]
    assert len(guest.orders()) == 1


def test_the_same_key_with_another_body_is_refused(shop: Running) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    wish, key = guest.wish(), new_key()
    guest.check_out(wish, key)

    other = guest.check_out(wish | {"payment_token": "tok_other"}, key)

    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


def test_a_refused_checkout_leaves_its_key_free(shop: Running) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    wish, key = guest.wish(), new_key()
    wrong = wish | {"expected_total": {"amount": 1, "currency": "GBP"}}
    assert guest.check_out(wrong, key).status_code == 409

    right = guest.check_out(wish, key)

    assert right.status_code == 202


def _check_out_and_hang_up(shop: Running, guest: Guest, wish: dict[str, object], key: str) -> None:
    """Send the whole request, and close the line without reading the answer."""
    body = json.dumps(wish)
    address = urlsplit(shop.urls["api"])
    with socket.create_connection((address.hostname or "", address.port or 0)) as line:
        line.sendall(
            (
                "POST /api/guest/basket/checkout HTTP/1.1\r\n"
                f"Host: {address.netloc}\r\n"
                f"Guest-Token: {guest.http.headers['Guest-Token']}\r\n"
                f"Idempotency-Key: {key}\r\n"
                "Content-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
        line.recv(1)  # the shop has answered; what it said is lost
