"""The file's cancellations undo orders or send something back of what was bought that day."""

from pathlib import Path

import httpx
import pytest

from cli.replay import Books
from tests.replay.answers import problem
from tests.replay.builders import a_day, a_line, play
from tests.replay.shop import FakeShop, always

ADA = "17850.0"


def bought(invoice: str = "1", *, quantity: int = 6, at: str = "08:26") -> str:
    return a_line(invoice, quantity=quantity, customer=ADA, at=at)


def back(invoice: str = "C9", *, quantity: int = -2, at: str = "10:00", customer: str = ADA) -> str:
    return a_line(invoice, quantity=quantity, customer=customer, at=at)


def played(folder: Path, *lines: str, shop: FakeShop | None = None) -> Books:
    return play(a_day(folder, *lines), shop or FakeShop())


def test_every_confirmed_order_is_delivered_and_paid(tmp_path: Path) -> None:
    shop = FakeShop()

    books = played(tmp_path, bought("1"), bought("2"), shop=shop)

    assert books.balanced
    assert (books.confirmed, books.delivered) == (2, 2)
    assert {order["status"] for order in shop.all_orders} == {"delivered"}
    assert books.money.captured == books.money.kept == 2 * (6 * 255 + 495)


def test_what_the_same_customer_bought_comes_back_and_is_refunded(tmp_path: Path) -> None:
    books = played(tmp_path, bought(quantity=6), back(quantity=-2))

    assert books.balanced
    assert (books.returns, books.lines_taken_back, books.refused) == (1, 1, {})
    assert (books.value.ordered, books.value.returned, books.value.placed) == (1530, 510, 1020)
    assert books.value.placed + books.value.refused == books.value.file
    assert (books.money.captured, books.money.refunded) == (1530 + 495, 510)
    assert (books.stock.sold, books.stock.came_back, books.stock.available) == (4, 2, 2)


def test_who_takes_all_of_an_order_back_undoes_it_before_it_is_sent(tmp_path: Path) -> None:
    shop = FakeShop()

    books = played(tmp_path, bought(quantity=6), back(quantity=-6), shop=shop)

    assert books.balanced
    assert (books.cancelled, books.delivered, books.returns) == (1, 0, 0)
    assert (books.value.cancelled, books.value.placed) == (1530, 0)
    assert (books.money.captured, books.stock.available) == (0, 6)
    assert not any("dispatch" in asked.url.path for asked in shop.asked)


def test_an_order_that_left_before_it_was_undone_is_returned_with_its_shipping(
    tmp_path: Path,
) -> None:
    shop = FakeShop()

    def send_first(request: httpx.Request) -> None:
        if "cancellation" in request.url.path:
            [order] = shop.all_orders
            order["status"] = "dispatched"

    shop.before = send_first
    books = played(tmp_path, bought(quantity=6), back(quantity=-6), shop=shop)

    assert books.balanced
    assert (books.cancelled, books.delivered, books.returns) == (0, 1, 1)
    assert (books.money.refunded, books.money.kept) == (1530 + 495, 0)


def test_the_youngest_order_made_before_gives_back_first(tmp_path: Path) -> None:
    shop = FakeShop()

    books = played(
        tmp_path,
        bought("1", quantity=5, at="08:00"),
        bought("2", quantity=3, at="09:00"),
        bought("3", quantity=4, at="11:00"),
        back("C7", quantity=-2, at="10:00"),
        back("C8", quantity=-2, at="10:00"),
        shop=shop,
    )

    assert books.balanced
    came_back = [(it["order"]["lines"]["LAMP1.255"], it["lines"]) for it in shop._after.returns]
    assert sorted(came_back, key=lambda it: it[0]) == [
        (3, {"LAMP1.255": 2}),
        (5, {"LAMP1.255": 2}),
    ]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("unknown-customer", back(customer="")),
        ("nothing-to-return", back(customer="13047.0")),
        ("nothing-to-return", back(at="08:00")),
        ("more-than-bought", back(quantity=-7)),
    ],
)
def test_what_was_not_bought_is_refused_with_a_reason(
    tmp_path: Path, reason: str, line: str
) -> None:
    books = played(tmp_path, bought(quantity=6), line)

    assert books.balanced
    assert (books.refused, books.returns) == ({reason: 1}, 0)
    assert books.refused_invoices == 1


def test_never_more_comes_back_than_was_bought(tmp_path: Path) -> None:
    lines = [back(f"C{number}", quantity=-4) for number in (7, 8)]

    books = played(tmp_path, bought(quantity=6), *lines)

    assert books.balanced
    assert (books.refused, books.returns) == ({"more-than-bought": 1}, 1)


def test_of_a_rejected_order_nothing_comes_back(tmp_path: Path) -> None:
    declined = FakeShop(settles=True)
    declined.before = always("POST", "checkout", problem(409, "sold-out"))

    books = played(tmp_path, bought(), back(), shop=declined)

    assert books.balanced
    assert books.refused == {"sold-out": 1, "nothing-to-return": 1}


def test_a_parcel_whose_money_cannot_be_taken_stays_with_its_reason(tmp_path: Path) -> None:
    books = played(tmp_path, bought(), shop=FakeShop(parked=frozenset({"o-0"})))

    assert books.balanced
    assert (books.kept_here, books.delivered) == ({"card-expired": 1}, 0)
    assert (books.money.captured, books.stock.sold) == (0, 6)


def test_a_return_the_shop_refuses_counts_with_its_reason(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "/returns", problem(409, "return-window-over")))

    books = played(tmp_path, bought(), back(), shop=shop)

    assert books.balanced
    assert books.refused == {"return-window-over": 1}


def test_an_order_that_is_not_delivered_makes_the_books_fail(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "/notices", problem(401, "bad-signature")))

    books = played(tmp_path, bought(), shop=shop)

    assert not books.balanced
    assert books.discrepancies[0].startswith("Invoice 1 is not delivered: o-0 is dispatched")


def test_a_refund_too_much_and_a_piece_too_few_make_the_books_fail(tmp_path: Path) -> None:
    shop = FakeShop()

    def damage(request: httpx.Request) -> None:
        for given in shop._after.returns:
            if given["status"] == "refunded" and given["refund"]["amount"] == 510:
                given["refund"] = {"amount": 511, "currency": "GBP"}
                shop.stock["LAMP1.255"] -= 1

    shop.before = damage
    books = played(tmp_path, bought(), back(), shop=shop)

    assert not books.balanced
    assert "Invoice C9 is given 511 for goods worth 510 (minor units)." in books.discrepancies
    assert any(it.startswith("Order o-0: 2025 are captured and 511") for it in books.discrepancies)
    assert any(it.startswith("Of LAMP1.255 6 were received") for it in books.discrepancies)


def test_a_second_replay_cancels_sends_and_refunds_nothing_more(tmp_path: Path) -> None:
    shop = FakeShop()
    day = a_day(tmp_path, bought("1"), bought("2", at="09:00"), back("C7", quantity=-6), back("C8"))

    first, second = play(day, shop), play(day, shop)

    assert first.balanced
    assert second.balanced
    assert (second.value, second.money, second.stock) == (first.value, first.money, first.stock)
    assert (second.cancelled, second.returns) == (first.cancelled, first.returns) == (1, 1)


def test_a_parcel_lies_in_the_warehouse_and_is_on_its_way_for_a_while(tmp_path: Path) -> None:
    books = play(a_day(tmp_path, bought()), FakeShop(), pause=0.1)

    assert books.balanced
    assert books.seconds >= 0.2
