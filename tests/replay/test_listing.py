"""Staff list the products of a day and receive their stock before customers buy."""

import json
from pathlib import Path

import httpx
import pytest

from cli.replay import ReplayError, read_day
from cli.replay.listing import guess_category, products_sold
from tests.replay.builders import HEADER, a_day, a_file, a_line, replay_day
from tests.replay.fake_shop import FakeShop, always, once
from tests.replay.responses import pounds, problem


def test_a_product_is_listed_for_each_code_and_price(tmp_path: Path) -> None:
    shop = FakeShop()
    lines = a_line("1"), a_line("2"), a_line("2", price="2.10"), a_line("3", "POST", price=18)

    replay_day(a_day(tmp_path, *lines), shop)

    assert list(shop.products) == ["LAMP1.255", "LAMP1.210"]
    assert shop.products["LAMP1.210"] == {
        "sku": "LAMP1.210",
        "name": "BRASS LAMP",
        "category": "lights",
        "description": "BRASS LAMP",
        "price": pounds(210),
        "weight_grams": 0,
    }


def test_a_shop_without_shipping_options_gets_one_first(tmp_path: Path) -> None:
    shop = FakeShop(shipping_options=[])

    replay_day(a_day(tmp_path), shop)

    assert shop.shipping_options == ["standard"]
    assert len(shop.all_orders) == 1


def test_a_shipping_option_that_cannot_be_created_ends_the_replay(tmp_path: Path) -> None:
    forbidden = always("POST", "shipping-options", problem(403, "forbidden"))

    with pytest.raises(ReplayError, match=r"standard could not be created: .* forbidden"):
        replay_day(a_day(tmp_path), FakeShop(shipping_options=[], before=forbidden))


def test_the_ordered_quantity_is_received_once_even_when_the_day_is_replayed_twice(
    tmp_path: Path,
) -> None:
    shop = FakeShop()
    day = a_day(tmp_path, a_line("1", quantity=2), a_line("2", quantity=3))

    replay_day(day, shop)
    replay_day(day, shop)

    assert [quantity for _, quantity in shop.receipts.values()] == [5]
    assert shop.stock["LAMP1.255"] == 0


def test_a_file_may_state_the_stock_of_a_product(tmp_path: Path) -> None:
    file = a_file(tmp_path, f"{a_line()},1", f"{a_line('2', 'CUP')},", header=f"{HEADER},Stock")

    stock = {product.sku: product.stock for product in products_sold(read_day(file))}

    assert stock == {"LAMP1.255": 1, "CUP.255": 2}


def test_stock_that_cannot_be_received_ends_the_replay(tmp_path: Path) -> None:
    shop = FakeShop(before=always("POST", "receipts", problem(403, "forbidden")))

    with pytest.raises(ReplayError, match=r"LAMP1\.255 could not be received: .* forbidden\."):
        replay_day(a_day(tmp_path), shop)


def test_a_product_gets_the_first_description_of_its_code(tmp_path: Path) -> None:
    lines = (
        a_line("1", text=""),
        a_line("C2", text="BROKEN", quantity=-1),
        a_line("3", text="BRASS LAMP", price="2.10"),
        a_line("4", text="LAMP OF BRASS"),
        a_line("5", "CUP", text=""),
    )

    products = products_sold(a_day(tmp_path, *lines))

    descriptions = {product.sku: product.description for product in products}
    assert descriptions == {
        "LAMP1.255": "BRASS LAMP",
        "LAMP1.210": "BRASS LAMP",
        "CUP.255": "CUP",
    }


def test_a_long_description_is_shortened(tmp_path: Path) -> None:
    shop = FakeShop()

    replay_day(a_day(tmp_path, a_line(text="LAMP " * 1000)), shop)

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
def test_the_category_is_guessed_from_the_description(description: str, category: str) -> None:
    assert guess_category(description) == category


def test_an_expired_token_is_renewed_once_for_all_requests(tmp_path: Path) -> None:
    shop, fetched = FakeShop(), list[str]()

    def fetch_token() -> str:
        fetched.append("expired" if not fetched else "sam")
        return fetched[-1]

    lines = (a_line(code=f"CUP{number}") for number in range(20))
    report = replay_day(a_day(tmp_path, *lines), shop, staff_token=fetch_token)

    assert fetched == ["expired", "sam"]
    assert report.balanced


def test_a_rejected_token_ends_the_replay_before_anything_is_bought(tmp_path: Path) -> None:
    shop = FakeShop()

    with pytest.raises(ReplayError, match=r"LAMP1\.255 could not be listed: .* http-401"):
        replay_day(a_day(tmp_path), shop, staff_token=lambda: "ada")

    assert not any("guest" in request.url.path for request in shop.requests)


def test_an_unreachable_shop_ends_the_replay(tmp_path: Path) -> None:
    def unreachable(request: httpx.Request) -> None:
        raise httpx.ConnectError("refused")

    with pytest.raises(ReplayError, match=r"could not be read: .*connection-lost"):
        replay_day(a_day(tmp_path), FakeShop(before=unreachable))


def test_a_listing_without_response_is_retried_and_found_done(tmp_path: Path) -> None:
    shop = FakeShop(after=once("POST", "staff", httpx.ReadError("connection closed")))

    report = replay_day(a_day(tmp_path), shop)

    assert report.balanced


def test_a_sku_listed_at_another_price_ends_the_replay(tmp_path: Path) -> None:
    shop = FakeShop(products={"LAMP1.255": {"sku": "LAMP1.255", "price": pounds(254)}})

    with pytest.raises(ReplayError, match="at GBP 254 instead of GBP 255"):
        replay_day(a_day(tmp_path), shop)


def test_a_product_that_the_shop_does_not_list_is_not_bought(tmp_path: Path) -> None:
    shop = FakeShop(before=once("POST", "staff", problem(422, "invalid-request")))

    report = replay_day(a_day(tmp_path, a_line(), a_line(code="CUP")), shop)

    assert (report.refused, report.placed, report.balanced) == ({"invalid-request": 1}, 1, True)
    assert not any("LAMP1" in request.url.path for request in shop.requests)


def test_an_existing_sku_without_a_product_ends_the_replay(tmp_path: Path) -> None:
    shop = FakeShop(
        before=always("GET", "products", problem(404, "product-not-found")),
        products={"LAMP1.255": {}},
    )

    with pytest.raises(ReplayError, match="SKU exists, but there is no such product"):
        replay_day(a_day(tmp_path), shop)


def test_staff_send_the_price_in_minor_units(tmp_path: Path) -> None:
    shop = FakeShop()

    replay_day(a_day(tmp_path, a_line(price="649.50")), shop)

    assert json.loads(shop.requests[1].content)["price"] == pounds(64950)
