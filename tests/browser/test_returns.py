"""Customers request returns on the order page; staff accept or reject them on the staff page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local.shop import RunningShop
from tests.browser.shopper import Shopper, find_row
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.test_returns import deliver
from tests.journeys.visitor import Staff, wait_until


@pytest.fixture
def sku(shopper: Shopper, page: Page, shop: RunningShop, staff: Staff) -> str:
    """A product bought twice for £19.99 each. `page` shows the delivered order."""
    sku = shopper.add_new_product(price=1999, stock=10)
    page.get_by_role("button", name="Add to basket").click()
    shopper.expect_items_in_basket(2)
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    order_id = page.url.split("id=")[1]
    deliver(shop, staff, order_id)
    order = f"/staff/orders/{order_id}"
    wait_until(
        "the order is delivered", lambda: staff.http.get(order).json()["status"] == "delivered"
    )
    page.reload()
    shopper.expect_heading("Delivered")
    return sku


def request_return(page: Page, sku: str, quantity: int, reason: str = "") -> None:
    page.get_by_text("Return items").click()
    page.get_by_label(f"Lamp {sku}").fill(str(quantity))
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Request return").click()


def open_return(staff_window: Page, page: Page) -> None:
    """Open the undecided return of the order on `page`."""
    staff_window.goto("/staff?view=returns")
    find_row(staff_window, page.url.split("id=")[1]).get_by_role("button").click()
    expect(staff_window.get_by_role("heading", level=2, name="Return")).to_be_visible()


def test_an_order_is_returned_in_two_parts(
    sku: str, page: Page, staff_window: Page, staff: Staff
) -> None:
    request_return(page, sku, 1, reason="too bright")
    items = page.get_by_role("listitem").filter(has_text=f"Lamp {sku}")
    expect(items.filter(has_text="Requested")).to_have_count(1)
    open_return(staff_window, page)
    expect(staff_window.get_by_text("Customer's reason: too bright")).to_be_visible()
    assert find_accessibility_problems(staff_window) == []
    staff_window.get_by_label("Restock").check()
    staff_window.get_by_role("button", name="Accept and refund").click()
    expect(staff_window.get_by_text("a refund of £19.99")).to_be_visible()
    page.reload()
    expect(items.filter(has_text="Refunded")).to_contain_text("Refund: £19.99")

    request_return(page, sku, 1)
    expect(items.filter(has_text="Requested")).to_have_count(1)
    expect(page.get_by_text("Return items")).to_have_count(0)
    open_return(staff_window, page)
    staff_window.get_by_label("Write off").check()
    staff_window.get_by_role("button", name="Accept and refund").click()
    total = staff.http.get(f"/staff/orders/{page.url.split('id=')[1]}").json()["total"]["amount"]
    remainder = f"£{(total - 1999) / 100:.2f}"  # the last items, and shipping
    expect(staff_window.get_by_text(f"a refund of {remainder}")).to_be_visible()
    page.reload()

    expect(items.filter(has_text="Refunded")).to_have_count(2)
    assert staff.stock(sku)["available"] == 9
    assert find_accessibility_problems(page) == []
    assert fits_a_phone(page)


def test_a_rejected_return_shows_the_reason_and_can_be_requested_again(
    sku: str, page: Page, staff_window: Page
) -> None:
    request_return(page, sku, 2)
    open_return(staff_window, page)
    assert fits_a_phone(staff_window)

    staff_window.get_by_label("Reason for rejection").fill("The parcel was empty")
    staff_window.get_by_role("button", name="Reject", exact=True).click()
    expect(staff_window.get_by_text("The return was rejected.")).to_be_visible()
    page.reload()

    expect(page.get_by_text("The parcel was empty")).to_be_visible()
    request_return(page, sku, 2)
    expect(page.get_by_role("listitem").filter(has_text="Requested")).to_have_count(1)


def test_deciding_a_return_that_someone_else_has_decided_shows_a_message(
    sku: str, page: Page, staff_window: Page, staff: Staff
) -> None:
    request_return(page, sku, 1)
    open_return(staff_window, page)
    undecided = staff.http.get("/staff/returns?limit=100").json()["items"]
    order_id = page.url.split("id=")[1]
    return_id = next(item["return_id"] for item in undecided if item["order_id"] == order_id)
    staff.http.post(f"/staff/returns/{return_id}/rejection", json={"reason": "used"})

    staff_window.get_by_label("Restock").check()
    staff_window.get_by_role("button", name="Accept and refund").click()

    expect(staff_window.get_by_role("alert")).to_contain_text("Someone else has already decided")


def test_a_return_without_items_is_not_sent(sku: str, page: Page) -> None:
    request_return(page, sku, 0)

    expect(page.get_by_role("alert")).to_contain_text("Choose at least one item")
