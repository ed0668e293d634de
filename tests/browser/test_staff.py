"""What a member of staff does on the staff's page."""

from __future__ import annotations

import secrets

from playwright.sync_api import Page, expect

from local import people
from local.shop import Running
from tests.browser.shopper import Shopper
from tests.browser.test_every_page import serious
from tests.journeys.visitor import Staff


def test_staff_put_a_product_up_for_sale_and_change_its_price(at_work: Page) -> None:
    page, sku = at_work, f"S-{secrets.token_hex(4)}"
    page.get_by_role("button", name="A new product").click()
    page.get_by_label("Number (SKU)").fill(sku)
    page.get_by_label("Name").fill(f"Lamp {sku}")
    page.get_by_label("Category").fill("Tests")
    page.get_by_label("Price").fill("12.50")
    page.get_by_label("Weight in grams").fill("900")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text=sku)
    expect(row).to_contain_text("£12.50")

    page.get_by_role("button", name=f"Lamp {sku}").click()
    page.get_by_label("Price").fill("9.99")
    assert serious(page) == []
    page.get_by_role("button", name="Save").click()

    expect(row).to_contain_text("£9.99")


def test_a_product_changed_by_somebody_else_is_read_again(at_work: Page, staff: Staff) -> None:
    page, sku = at_work, staff.list_product(stock=0)
    page.reload()
    page.get_by_role("button", name=f"Lamp {sku}").click()
    etag = staff.http.get(f"/products/{sku}").headers["ETag"]
    body = {"price": {"amount": 777, "currency": "GBP"}}
    staff.http.put(f"/staff/products/{sku}/price", json=body, headers={"If-Match": etag})

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this product")


def test_staff_receive_goods_and_put_a_miscount_right(at_work: Page, staff: Staff) -> None:
    page, sku = at_work, staff.list_product(stock=0)
    page.get_by_role("link", name="Stock").click()
    page.get_by_label("Number (SKU)").first.fill(sku)
    page.get_by_label("How many").fill("12")
    page.get_by_role("button", name="Book it").first.click()
    expect(page.get_by_text("Done.")).to_be_visible()
    page.get_by_label("Number (SKU)").last.fill(sku)
    page.get_by_label("More or fewer").fill("-2")
    page.get_by_label("Why").fill("broken in the window")
    page.get_by_role("button", name="Book it").last.click()
    expect(page.get_by_label("Why")).to_have_value("")

    assert staff.stock(sku)["available"] == 10
    assert serious(page) == []


def test_customers_are_not_shown_what_is_staff_s(
    shopper: Shopper, page: Page, shop: Running
) -> None:
    shopper.signs_in("ada", people.password(shop, "ada"))
    expect(page.get_by_role("link", name="Staff")).to_have_count(0)

    page.goto("/staff")

    expect(page.get_by_text("This is for members of staff")).to_be_visible()
