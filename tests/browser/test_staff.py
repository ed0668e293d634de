"""Staff manage products and stock, and read an order's events."""

from __future__ import annotations

import secrets

from playwright.sync_api import Page, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import Shopper, fill_in_new_product
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.visitor import Staff, wait_until


def test_staff_list_a_product_and_change_its_price(staff_page: Page) -> None:
    sku = f"S-{secrets.token_hex(4)}"
    fill_in_new_product(staff_page, sku)
    staff_page.get_by_role("button", name="Save").click()
    row = staff_page.get_by_role("row").filter(has_text=sku)
    expect(row).to_contain_text("£12.50")

    staff_page.get_by_role("button", name=f"Lamp {sku}").click()
    staff_page.get_by_label("Price").fill("9.99")
    assert find_accessibility_problems(staff_page) == []
    staff_page.get_by_role("button", name="Save").click()

    expect(row).to_contain_text("£9.99")


def test_a_product_that_someone_else_has_changed_is_loaded_again(
    staff_page: Page, staff: Staff
) -> None:
    sku = staff.list_product(stock=0)
    staff_page.reload()
    staff_page.get_by_role("button", name=f"Lamp {sku}").click()
    etag = staff.http.get(f"/products/{sku}").headers["ETag"]
    body = {"price": {"amount": 777, "currency": "GBP"}}
    staff.http.put(f"/staff/products/{sku}/price", json=body, headers={"If-Match": etag})

    staff_page.get_by_role("button", name="Save").click()

    expect(staff_page.get_by_role("alert")).to_contain_text("Someone else has changed this product")


def test_staff_receive_and_adjust_stock(staff_page: Page, staff: Staff) -> None:
    sku = staff.list_product(stock=0)
    staff_page.get_by_role("link", name="Stock").click()
    staff_page.get_by_label("SKU").first.fill(sku)
    staff_page.get_by_label("Quantity").fill("12")
    staff_page.get_by_role("button", name="Receive stock").click()
    expect(staff_page.get_by_text("Done.")).to_be_visible()
    staff_page.get_by_label("SKU").last.fill(sku)
    staff_page.get_by_label("Change (such as -2)").fill("-2")
    staff_page.get_by_label("Reason").fill("damaged in the shop window")
    staff_page.get_by_role("button", name="Adjust stock").click()
    expect(staff_page.get_by_label("Reason")).to_have_value("")

    assert staff.stock(sku)["available"] == 10
    assert find_accessibility_problems(staff_page) == []


def test_staff_read_every_event_of_an_order(
    shopper: Shopper, page: Page, staff_window: Page, staff: Staff
) -> None:
    sku = shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    order_id = page.url.split("id=")[1]
    timeline = f"/staff/orders/{order_id}/timeline"
    wait_until("OrderConfirmed", lambda: "OrderConfirmed" in staff.http.get(timeline).text)
    staff_window.goto("/staff?view=orders")
    staff_window.get_by_role("link", name=order_id).click()

    events = staff_window.locator(".timeline > li")
    expect(events.filter(has_text="OrderPlaced")).to_contain_text("by ordering")
    expect(events.filter(has_text="PaymentAuthorized")).to_contain_text("by payment")
    expect(staff_window.locator(".compact-list")).to_contain_text(f"Lamp {sku}")
    events.filter(has_text="OrderConfirmed").get_by_text("Event data").click()
    expect(events.locator("details[open] pre")).to_be_visible()
    assert find_accessibility_problems(staff_window) == []
    assert fits_a_phone(staff_window)


def test_an_order_that_does_not_exist_shows_an_error(staff_page: Page) -> None:
    staff_page.goto("/staff?view=orders&order=nothing")

    expect(staff_page.get_by_role("alert")).to_contain_text("There is no order with this number")


def test_customers_cannot_see_the_staff_page(
    shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    shopper.sign_in("ada", demo_users.password(shop, "ada"))
    expect(page.get_by_role("link", name="Staff")).to_have_count(0)

    page.goto("/staff")

    expect(page.get_by_text("This page is for staff")).to_be_visible()
