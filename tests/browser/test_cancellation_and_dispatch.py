"""A confirmed order is cancelled by its customer, or dispatched by staff."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import Shopper, find_row
from tests.browser.test_every_page import find_accessibility_problems
from tests.journeys.visitor import wait_until


@pytest.fixture
def confirmed_order(shopper: Shopper) -> str:
    """The id of the order that the shopper's page shows."""
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    return shopper.page.url.split("id=")[1]


def test_a_customer_cancels_a_confirmed_order(
    confirmed_order: str, shopper: Shopper, page: Page
) -> None:
    page.get_by_role("button", name="Cancel order").click()
    expect(page.get_by_text("Do you really want to cancel?")).to_be_visible()
    page.get_by_role("button", name="Cancel order").click()

    shopper.expect_heading("Cancelled")
    expect(
        page.get_by_text("You asked to cancel this order, and we have cancelled it.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
    assert find_accessibility_problems(page) == []


def test_staff_dispatch_a_parcel_and_the_customer_sees_its_tracking_number(
    confirmed_order: str, shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    browser = page.context.browser
    assert browser is not None
    staff_context = browser.new_context(base_url=shop.urls["storefront"])
    staff = Shopper(staff_context.new_page(), shopper._staff)
    staff.sign_in("sam", demo_users.password(shop, "sam"))
    http = shopper._staff.http
    shipment = f"/staff/shipments/{confirmed_order}"
    wait_until("the shipment is created", lambda: http.get(shipment).status_code == 200)
    staff.page.goto("/staff?view=shipments")
    row = find_row(staff.page, confirmed_order)
    row.get_by_role("button", name="Show address").click()
    expect(row).to_contain_text("Ada Lovelace, 12 St James's Square, London, GB")
    assert find_accessibility_problems(staff.page) == []

    row.get_by_role("button", name="Dispatch").click()
    expect(row).to_have_count(0)
    order = f"/staff/orders/{confirmed_order}"
    wait_until("the order is dispatched", lambda: http.get(order).json()["status"] == "dispatched")
    page.reload()

    shopper.expect_heading("Dispatched")
    expect(page.get_by_role("status").get_by_text("tracking number")).to_be_visible()
    staff.page.goto("/staff?view=orders&status=dispatched")
    expect(find_row(staff.page, confirmed_order)).to_be_visible()
    staff_context.close()
