"""Staff list what a day sells before its customers come."""

import json
from pathlib import Path

import httpx
import pytest

from cli.replay import ReplayError, read_day
from cli.replay.listing import category_of, products_of
from tests.replay.answers import pounds, problem
from tests.replay.builders import HEADER, a_day, a_file, a_line, play
from tests.replay.shop import FakeShop, always, once


def test_each_code_is_listed_once_at_each_of_its_prices(tmp_path: Path) -> None:
    shop = FakeShop()
    lines = a_line("1"), a_line("2"), a_line("2", price="2.10"), a_line("3", "POST", price=18)

    play(a_day(tmp_path, *lines), shop)

    assert list(shop.products) == ["LAMP1.255", "LAMP1.210"]
    assert shop.products["LAMP1.210"] == {
        "sku": "LAMP1.210",
        "name": "BRASS LAMP",
        "category": "lights",
        "description": "BRASS LAMP",
        "price": pounds(210),
        "weight_grams": 0,
    }


def test_a_shop_that_cannot_send_anything_is_offered_a_way_first(tmp_path: Path) -> None:
    shop = FakeShop(options=[])

    play(a_day(tmp_path), shop)

    assert shop.options == ["standard"]
    assert len(shop.all_orders) == 1


def test_a_shop_that_will_not_send_ends_the_replay_with_a_sentence(tmp_path: Path) -> None:
    refusal = always("POST", "shipping-options", problem(403, "forbidden"))

    with pytest.raises(ReplayError, match=r"shipping could not be offered: .* forbidden"):
        play(a_day(tmp_path), FakeShop(options=[], before=refusal))


def test_as_much_is_received_as_customers_want_once_however_often_the_day_is_played(
    tmp_path: Path,
) -> None:
    shop = FakeShop()
    day = a_day(tmp_path, a_line("1", quantity=2), a_line("2", quantity=3))

    play(day, shop)
    play(day, shop)

    assert [quantity for _, quantity in shop.receipts.values()] == [5]
    assert shop.stock["LAMP1.255"] == 0


def test_a_file_may_say_how_many_pieces_there_are(tmp_path: Path) -> None:
    file = a_file(tmp_path, f"{a_line()},1", f"{a_line('2', 'CUP')},", header=f"{HEADER},Stock")

    stock = {product.sku: product.stock for product in products_of(read_day(file))}

    assert stock == {"LAMP1.255": 1, "CUP.255": 2}


def test_a_shop_that_receives_nothing_ends_the_replay_with_a_sentence(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "receipts", problem(403, "forbidden")))

    with pytest.raises(ReplayError, match=r"LAMP1\.255 could not be received: .* forbidden\."):
        play(a_day(tmp_path), shop)


def test_a_product_takes_the_first_description_there_is(tmp_path: Path) -> None:
    lines = (
        a_line("1", text=""),
        a_line("C2", text="BROKEN", quantity=-1),
        a_line("3", text="BRASS LAMP", price="2.10"),
        a_line("4", text="LAMP OF BRASS"),
        a_line("5", "CUP", text=""),
    )

    texts = {product.sku: product.text for product in products_of(a_day(tmp_path, *lines))}

    assert texts == {"LAMP1.255": "BRASS LAMP", "LAMP1.210": "BRASS LAMP", "CUP.255": "CUP"}


def test_a_very_long_description_still_fits_the_shop(tmp_path: Path) -> None:
    shop = FakeShop()

    play(a_day(tmp_path, a_line(text="LAMP " * 1000)), shop)

    product = shop.products["LAMP1.255"]
    assert (len(product["name"]), len(product["description"])) == (200, 4000)


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("LUNCH BOX WITH OWLS", "bags"),
        ("white hanging t-light holder", "lights"),
        ("CHRISTMAS LIGHTS", "christmas"),
        ("STRINGED THING", "gifts"),
        ("", "gifts"),
    ],
)
def test_a_description_decides_the_category(description: str, category: str) -> None:
    assert category_of(description) == category


def test_an_expired_token_is_renewed_once_for_all(tmp_path: Path) -> None:
    shop, fetched = FakeShop(), list[str]()

    def fetch_token() -> str:
        fetched.append("expired" if not fetched else "sam")
        return fetched[-1]

    lines = (a_line(code=f"CUP{number}") for number in range(20))
    books = play(a_day(tmp_path, *lines), shop, staff_token=fetch_token)

    assert fetched == ["expired", "sam"]
    assert books.balanced


def test_a_shop_that_takes_no_token_ends_the_replay_before_anyone_came(tmp_path: Path) -> None:
    shop = FakeShop()

    with pytest.raises(ReplayError, match=r"LAMP1\.255 could not be listed: .* http-401"):
        play(a_day(tmp_path), shop, staff_token=lambda: "ada")

    assert not any("guest" in request.url.path for request in shop.asked)


def test_a_shop_out_of_reach_ends_the_replay_in_a_sentence(tmp_path: Path) -> None:
    def unreachable(request: httpx.Request) -> None:
        raise httpx.ConnectError("refused")

    with pytest.raises(ReplayError, match=r"could not be read: .*connection-lost"):
        play(a_day(tmp_path), FakeShop(before=unreachable))


def test_a_lost_listing_is_sent_again_and_found_done(tmp_path: Path) -> None:
    shop = FakeShop(after=once("POST", "staff", httpx.ReadError("cut")))

    books = play(a_day(tmp_path), shop)

    assert books.balanced


def test_a_sku_taken_at_another_price_ends_the_replay(tmp_path: Path) -> None:
    shop = FakeShop(products={"LAMP1.255": {"sku": "LAMP1.255", "price": pounds(254)}})

    with pytest.raises(ReplayError, match="at GBP 254 and not at GBP 255"):
        play(a_day(tmp_path), shop)


def test_a_product_the_shop_will_not_list_is_not_asked_for(tmp_path: Path) -> None:
    shop = FakeShop(before=once("POST", "staff", problem(422, "invalid-body")))

    books = play(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert (books.refused, books.placed, books.balanced) == ({"invalid-body": 1}, 1, True)
    assert not any("LAMP1" in request.url.path for request in shop.asked)


def test_a_shop_that_cannot_read_its_product_back_ends_the_replay(tmp_path: Path) -> None:
    shop = FakeShop(
        before=always("GET", "products", problem(404, "product-not-found")),
        products={"LAMP1.255": {}},
    )

    with pytest.raises(ReplayError, match="SKU is taken, but there is no such product"):
        play(a_day(tmp_path), shop)


def test_staff_send_the_price_in_minor_units(tmp_path: Path) -> None:
    shop = FakeShop()

    play(a_day(tmp_path, a_line(price="649.50")), shop)

    assert json.loads(shop.asked[1].content)["price"] == pounds(64950)
