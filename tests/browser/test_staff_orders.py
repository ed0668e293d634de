"""Staff dispatch an order, cancel it, and open its returns."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local.shop import RunningShop
from tests.browser.shopper import Shopper
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.test_returns import deliver
from tests.journeys.visitor import Staff, wait_until


@pytest.fixture
def order_id(shopper: Shopper, page: Page, staff: Staff) -> str:
    """A confirmed order whose shipment is created. `page` shows it to the customer."""
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    order_id = page.url.split("id=")[1]
    shipment = f"/staff/shipments/{order_id}"
    wait_until("the shipment is created", lambda: staff.http.get(shipment).status_code == 200)
    return order_id


def open_order(staff_window: Page, order_id: str) -> None:
    staff_window.goto("/staff?view=orders")
    staff_window.get_by_label("Order number").fill(f" {order_id} ")
    staff_window.get_by_role("button", name="Open").click()
    expect(staff_window.get_by_role("heading", name="Timeline")).to_be_visible()


def test_staff_find_an_order_by_its_number_and_dispatch_its_parcel(
    order_id: str, staff_window: Page
) -> None:
    open_order(staff_window, order_id)
    assert find_accessibility_problems(staff_window) == []

    staff_window.get_by_role("button", name="Dispatch parcel").click()

    expect(staff_window.get_by_text("The parcel was dispatched.")).to_be_visible()
    expect(staff_window.get_by_role("heading", level=2, name="Dispatched")).to_be_visible()
    expect(staff_window.get_by_text("souk-post, tracking number")).to_be_visible()
    expect(staff_window.get_by_role("button", name="Dispatch parcel")).to_have_count(0)
    expect(staff_window.get_by_text("Cancel order")).to_have_count(0)


def test_staff_cancel_an_order_and_the_customer_reads_the_reason(
    order_id: str, staff_window: Page, page: Page
) -> None:
    open_order(staff_window, order_id)
    staff_window.get_by_text("Cancel order").click()
    assert find_accessibility_problems(staff_window) == []
    assert fits_a_phone(staff_window)

    staff_window.get_by_label("Reason").fill("The lamp arrived broken")
    staff_window.get_by_role("button", name="Request cancellation").click()
    expect(staff_window.get_by_role("heading", level=2, name="Cancelled")).to_be_visible()
    expect(
        staff_window.get_by_text("Reason shown to the customer: The lamp arrived broken")
    ).to_be_visible()
    page.reload()

    expect(page.get_by_text("We could not send this order and have cancelled it.")).to_be_visible()
    expect(page.get_by_text("Reason: The lamp arrived broken")).to_be_visible()
    assert find_accessibility_problems(page) == []


def test_dispatching_an_order_that_the_customer_has_cancelled_shows_an_error(
    order_id: str, staff_window: Page, page: Page, staff: Staff
) -> None:
    open_order(staff_window, order_id)
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_role("button", name="Cancel order").click()
    shipment = f"/staff/shipments/{order_id}"
    wait_until(
        "the shipment is cancelled",
        lambda: staff.http.get(shipment).json()["status"] == "cancelled",
    )

    staff_window.get_by_role("button", name="Dispatch parcel").click()

    expect(staff_window.get_by_role("alert")).to_contain_text("was cancelled")


def test_a_return_is_opened_from_its_order(
    order_id: str, staff_window: Page, page: Page, staff: Staff, shop: RunningShop
) -> None:
    deliver(shop, staff, order_id)
    order = f"/staff/orders/{order_id}"
    wait_until(
        "the order is delivered", lambda: staff.http.get(order).json()["status"] == "delivered"
    )
    page.reload()
    page.get_by_text("Return items").click()
    page.get_by_label("Lamp T-").fill("1")
    page.get_by_role("button", name="Request return").click()
    expect(page.get_by_text("Requested")).to_be_visible()
    open_order(staff_window, order_id)

    items = staff_window.get_by_role("listitem").filter(has_text="Requested")
    items.get_by_role("link").click()

    expect(staff_window.get_by_role("heading", level=2, name="Return")).to_be_focused()
    expect(staff_window.get_by_role("button", name="Accept and refund")).to_be_visible()
