"""What a member of staff does on the staff's page."""

from __future__ import annotations

import secrets

from playwright.sync_api import Page, expect

from local import people
from local.shop import Running
from tests.browser.shopper import Shopper, fill_in_a_new_product
from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.visitor import Staff, until


def test_staff_put_a_product_up_for_sale_and_change_its_price(at_work: Page) -> None:
    page, sku = at_work, f"S-{secrets.token_hex(4)}"
    fill_in_a_new_product(page, sku)
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


def test_staff_read_all_that_was_said_of_an_order(
    shopper: Shopper, page: Page, desk: Page, staff: Staff
) -> None:
    sku = shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")
    order_id = page.url.split("id=")[1]
    story = f"/staff/orders/{order_id}/timeline"
    until("what was said", lambda: "OrderConfirmed" in staff.http.get(story).text)
    desk.goto("/staff?view=orders")
    desk.get_by_role("link", name=order_id).click()

    said = desk.locator(".history > li")
    expect(said.filter(has_text="OrderPlaced")).to_contain_text("by ordering")
    expect(said.filter(has_text="PaymentAuthorized")).to_contain_text("by payment")
    expect(desk.locator(".short")).to_contain_text(f"Lamp {sku}")
    said.filter(has_text="OrderConfirmed").get_by_text("What it says").click()
    expect(said.locator("details[open] pre")).to_be_visible()
    assert serious(desk) == []
    assert fits_a_phone(desk)


def test_an_order_that_is_not_there_is_told(at_work: Page) -> None:
    at_work.goto("/staff?view=orders&order=nothing")

    expect(at_work.get_by_role("alert")).to_contain_text("There is no such order")


def test_customers_are_not_shown_what_is_staff_s(
    shopper: Shopper, page: Page, shop: Running
) -> None:
    shopper.signs_in("ada", people.password(shop, "ada"))
    expect(page.get_by_role("link", name="Staff")).to_have_count(0)

    page.goto("/staff")

    expect(page.get_by_text("This is for members of staff")).to_be_visible()
