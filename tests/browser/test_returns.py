"""What a customer sends back on the order's page, and what staff decide of it on theirs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local.shop import Running
from tests.browser.shopper import Shopper, finds_row
from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.test_returns import delivered
from tests.journeys.visitor import Staff, until


@pytest.fixture
def sku(shopper: Shopper, page: Page, shop: Running, staff: Staff) -> str:
    """Of which two were bought for £19.99 each; the shopper is on the delivered order's page."""
    sku = shopper.puts_something(price=1999, stock=10)
    page.get_by_role("button", name="Add to basket").click()
    shopper.has_in_basket(2)
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")
    order_id = page.url.split("id=")[1]
    delivered(shop, staff, order_id)
    order = f"/staff/orders/{order_id}"
    until("an order delivered", lambda: staff.http.get(order).json()["status"] == "delivered")
    page.reload()
    shopper.sees("Delivered")
    return sku


def sends_back(page: Page, sku: str, quantity: int, why: str = "") -> None:
    page.get_by_text("Return something").click()
    page.get_by_label(f"Lamp {sku}").fill(str(quantity))
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name="Ask for the return").click()


def opens(desk: Page, page: Page) -> None:
    """The only return that waits of the order shown."""
    desk.goto("/staff?view=returns")
    finds_row(desk, page.url.split("id=")[1]).get_by_role("button").click()
    expect(desk.get_by_role("heading", level=2, name="Return")).to_be_visible()


def test_an_order_is_sent_back_in_two_parts(sku: str, page: Page, desk: Page, staff: Staff) -> None:
    sends_back(page, sku, 1, why="too bright")
    returned = page.get_by_role("listitem").filter(has_text=f"Lamp {sku}")
    expect(returned.filter(has_text="Asked for")).to_have_count(1)
    opens(desk, page)
    expect(desk.get_by_text("Its customer says: too bright")).to_be_visible()
    assert serious(desk) == []
    desk.get_by_label("Can be sold again").check()
    desk.get_by_role("button", name="accept and refund").click()
    expect(desk.get_by_text("£19.99 goes back to the customer")).to_be_visible()
    page.reload()
    expect(returned.filter(has_text="Refunded")).to_contain_text("Refund: £19.99")

    sends_back(page, sku, 1)
    expect(returned.filter(has_text="Asked for")).to_have_count(1)
    expect(page.get_by_text("Return something")).to_have_count(0)
    opens(desk, page)
    desk.get_by_label("Write off").check()
    desk.get_by_role("button", name="accept and refund").click()
    total = staff.http.get(f"/staff/orders/{page.url.split('id=')[1]}").json()["total"]["amount"]
    rest = f"£{(total - 1999) / 100:.2f}"  # with it all has come back: shipping, too
    expect(desk.get_by_text(f"{rest} goes back to the customer")).to_be_visible()
    page.reload()

    expect(returned.filter(has_text="Refunded")).to_have_count(2)
    assert staff.stock(sku)["available"] == 9
    assert serious(page) == []
    assert fits_a_phone(page)


def test_a_refused_return_says_why_and_can_be_asked_for_again(
    sku: str, page: Page, desk: Page
) -> None:
    sends_back(page, sku, 2)
    opens(desk, page)
    assert fits_a_phone(desk)

    desk.get_by_label("Why it is refused").fill("The parcel was empty")
    desk.get_by_role("button", name="Refuse", exact=True).click()
    expect(desk.get_by_text("Refused.")).to_be_visible()
    page.reload()

    expect(page.get_by_text("The parcel was empty")).to_be_visible()
    sends_back(page, sku, 2)
    expect(page.get_by_role("listitem").filter(has_text="Asked for")).to_have_count(1)


def test_a_return_decided_by_somebody_else_is_told(
    sku: str, page: Page, desk: Page, staff: Staff
) -> None:
    sends_back(page, sku, 1)
    opens(desk, page)
    waiting = staff.http.get("/staff/returns?limit=100").json()["items"]
    found = next(each for each in waiting if each["order_id"] == page.url.split("id=")[1])
    staff.http.post(f"/staff/returns/{found['return_id']}/refusal", json={"reason": "used"})

    desk.get_by_label("Can be sold again").check()
    desk.get_by_role("button", name="accept and refund").click()

    expect(desk.get_by_role("alert")).to_contain_text("Somebody else has decided")


def test_nothing_chosen_is_nothing_sent(sku: str, page: Page) -> None:
    sends_back(page, sku, 0)

    expect(page.get_by_role("alert")).to_contain_text("Choose at least one piece")
