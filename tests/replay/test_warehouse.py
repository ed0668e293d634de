"""A day run to the customers' doors: what is confirmed is sent and handed over, once."""

from pathlib import Path

import httpx
import pytest

from cli.replay import ReplayError
from tests.replay.builders import a_day, a_line, play
from tests.replay.shop import FakeShop, once, problem

KEY = "of-the-carrier"


def statuses(shop: FakeShop) -> list[str]:
    return [order["status"] for order in shop.all_orders]


def test_every_confirmed_order_is_delivered_and_the_books_still_balance(tmp_path: Path) -> None:
    shop = FakeShop()
    day = a_day(tmp_path, a_line("1"), a_line("2", "CUP"))

    books = play(day, shop, carrier_key=KEY)
    again = play(day, shop, carrier_key=KEY)

    assert statuses(shop) == ["delivered"] * 2
    assert (books.confirmed, books.delivered, books.balanced) == (2, 2, True)
    assert (again.delivered, again.orders_in_table, again.balanced) == (2, 2, True)


def test_a_day_played_again_balances_whatever_became_of_its_orders(tmp_path: Path) -> None:
    shop = FakeShop()
    day = a_day(tmp_path, a_line("1"), a_line("2", "CUP"), a_line("3", "MUG"))
    play(day, shop)
    for order, status in zip(
        shop.all_orders, ("dispatched", "delivered", "cancelled"), strict=True
    ):
        order["status"] = status

    books = play(day, shop)

    assert (books.confirmed, books.delivered, books.balanced) == (3, 1, True)


def test_a_shipment_that_is_not_there_yet_is_asked_for_again(tmp_path: Path) -> None:
    waiting = httpx.Response(200, json={"state": "dispatching", "tracking_number": "SP-1"})
    shop = FakeShop(before=once("POST", "dispatch", problem(404, "not-found"), waiting))

    assert play(a_day(tmp_path), shop, carrier_key=KEY).delivered == 1


def test_what_its_customer_cancelled_stays_where_it_is(tmp_path: Path) -> None:
    refused = problem(409, "shipment-cancelled")
    shop = FakeShop(before=once("POST", "dispatch", refused))

    books = play(a_day(tmp_path), shop, carrier_key=KEY)

    assert (books.delivered, books.balanced) == (0, True)


@pytest.mark.parametrize(
    ("key", "before", "words"),
    [
        ("guessed", None, "does not believe the carrier .bad-signature"),
        (KEY, problem(409, "not-captured"), "would not send it .not-captured"),
    ],
)
def test_a_parcel_that_cannot_be_delivered_ends_the_replay_with_a_sentence(
    tmp_path: Path, key: str, before: httpx.Response | None, words: str
) -> None:
    accident = once("POST", "dispatch", *([before] if before else []))

    with pytest.raises(ReplayError, match=words):
        play(a_day(tmp_path), FakeShop(before=accident), carrier_key=key)
