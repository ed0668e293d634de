"""What happens to an order after it is confirmed: it is cancelled, or staff send it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local import people
from local.shop import Running
from tests.browser.shopper import Shopper, finds_row
from tests.browser.test_every_page import serious
from tests.journeys.visitor import until


@pytest.fixture
def confirmed(shopper: Shopper) -> str:
    """The id of an order on whose page the shopper is."""
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")
    return shopper.page.url.split("id=")[1]


def test_a_customer_thinks_again_and_cancels(confirmed: str, shopper: Shopper, page: Page) -> None:
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.get_by_text("Really cancel?")).to_be_visible()
    page.get_by_role("button", name="Cancel this order").click()

    shopper.sees("Cancelled")
    expect(page.get_by_text("You asked to cancel, and it was cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel this order")).to_have_count(0)
    assert serious(page) == []


def test_staff_send_a_parcel_and_its_customer_sees_where_it_is(
    confirmed: str, shopper: Shopper, page: Page, shop: Running
) -> None:
    browser = page.context.browser
    assert browser is not None
    desk = browser.new_context(base_url=shop.urls["storefront"])
    staff = Shopper(desk.new_page(), shopper._staff)
    staff.signs_in("sam", people.password(shop, "sam"))
    sent = shopper._staff.http
    shipment = f"/staff/shipments/{confirmed}"
    until("a shipment is made", lambda: sent.get(shipment).status_code == 200)
    staff.page.goto("/staff?view=shipments")
    row = finds_row(staff.page, confirmed)
    row.get_by_role("button", name="Look").click()
    expect(row).to_contain_text("Ada Lovelace, 12 St James's Square, London, GB")
    assert serious(staff.page) == []

    row.get_by_role("button", name="Dispatch").click()
    expect(row).to_have_count(0)
    order = f"/staff/orders/{confirmed}"
    until("the parcel on its way", lambda: sent.get(order).json()["status"] == "dispatched")
    page.reload()

    shopper.sees("On its way")
    expect(page.get_by_text("tracking number")).to_be_visible()
    staff.page.goto("/staff?view=orders&status=dispatched")
    expect(finds_row(staff.page, confirmed)).to_be_visible()
    desk.close()
