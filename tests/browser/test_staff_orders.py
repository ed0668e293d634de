"""What staff do with one order: send its parcel, cancel it, see what of it comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local.shop import Running
from tests.browser.shopper import Shopper
from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.test_returns import delivered
from tests.journeys.visitor import Staff, until


@pytest.fixture
def order_id(shopper: Shopper, page: Page, staff: Staff) -> str:
    """A confirmed order that can be sent; its customer is on its page."""
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")
    order_id = page.url.split("id=")[1]
    shipment = f"/staff/shipments/{order_id}"
    until("a shipment", lambda: staff.http.get(shipment).status_code == 200)
    return order_id


def opens(desk: Page, order_id: str) -> None:
    desk.goto("/staff?view=orders")
    desk.get_by_label("Order number").fill(f" {order_id} ")
    desk.get_by_role("button", name="Open").click()
    expect(desk.get_by_role("heading", name="All that was said of it")).to_be_visible()


def test_staff_find_an_order_by_its_number_and_send_its_parcel(order_id: str, desk: Page) -> None:
    opens(desk, order_id)
    assert serious(desk) == []

    desk.get_by_role("button", name="Dispatch its parcel").click()

    expect(desk.get_by_text("The parcel is on its way.")).to_be_visible()
    expect(desk.get_by_role("heading", level=2, name="On its way")).to_be_visible()
    expect(desk.get_by_text("souk-post, tracking number")).to_be_visible()
    expect(desk.get_by_role("button", name="Dispatch its parcel")).to_have_count(0)
    expect(desk.get_by_text("Cancel this order")).to_have_count(0)


def test_staff_cancel_an_order_and_its_customer_reads_why(
    order_id: str, desk: Page, page: Page
) -> None:
    opens(desk, order_id)
    desk.get_by_text("Cancel this order").click()
    assert serious(desk) == []
    assert fits_a_phone(desk)

    desk.get_by_label("Why").fill("The lamp arrived broken")
    desk.get_by_role("button", name="Cancel it").click()
    expect(desk.get_by_role("heading", level=2, name="Cancelled")).to_be_visible()
    expect(desk.get_by_text("Its customer reads: The lamp arrived broken")).to_be_visible()
    page.reload()

    expect(page.get_by_text("We could not send it and have cancelled it.")).to_be_visible()
    expect(page.get_by_text("The reason: The lamp arrived broken")).to_be_visible()
    assert serious(page) == []


def test_an_order_its_customer_cancelled_meanwhile_is_told_to_who_would_send_it(
    order_id: str, desk: Page, page: Page, staff: Staff
) -> None:
    opens(desk, order_id)
    page.get_by_role("button", name="Cancel this order").click()
    page.get_by_role("button", name="Cancel this order").click()
    shipment = f"/staff/shipments/{order_id}"
    until("a cancellation", lambda: staff.http.get(shipment).json()["state"] == "cancelled")

    desk.get_by_role("button", name="Dispatch its parcel").click()

    expect(desk.get_by_role("alert")).to_contain_text("cancelled first")


def test_a_return_is_reached_from_its_order(
    order_id: str, desk: Page, page: Page, staff: Staff, shop: Running
) -> None:
    delivered(shop, staff, order_id)
    order = f"/staff/orders/{order_id}"
    until("an order delivered", lambda: staff.http.get(order).json()["status"] == "delivered")
    page.reload()
    page.get_by_text("Return something").click()
    page.get_by_label("Lamp T-").fill("1")
    page.get_by_role("button", name="Ask for the return").click()
    expect(page.get_by_text("Asked for")).to_be_visible()
    opens(desk, order_id)

    desk.get_by_role("listitem").filter(has_text="Asked for").get_by_role("link").click()

    expect(desk.get_by_role("heading", level=2, name="Return")).to_be_focused()
    expect(desk.get_by_role("button", name="accept and refund")).to_be_visible()
