"""What staff's page tells of the orders of today and of the days before."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from local.shop import Running
from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.visitor import Guest, Staff


def test_staff_see_what_today_s_orders_come_to(at_work: Page, shop: Running, staff: Staff) -> None:
    bought, declined = Guest(shop), Guest(shop)
    for guest, token in ((bought, "tok_ok"), (declined, "tok_declined")):
        guest.put(staff.list_product(price=1999))
        guest.sees_decided(guest.buys(token))
    today: dict[str, Any] = staff.http.get("/staff/figures").json()

    at_work.get_by_role("link", name="Figures").click()

    tiles = at_work.locator(".tiles > div")
    revenue = today["revenue"][0]["amount"] / 100
    expect(tiles.filter(has_text="Orders today")).to_contain_text(str(today["orders"]))
    expect(tiles.filter(has_text="Revenue today")).to_contain_text(f"£{revenue:,.2f}")
    why = at_work.get_by_role("row").filter(has_text="Payment declined")
    expect(why.get_by_role("cell").nth(1)).to_have_text(
        str(today["rejections"]["payment-declined"])
    )
    assert today["rejections"]["payment-declined"] > 0


def test_a_fortnight_is_drawn_and_told_in_numbers(at_work: Page) -> None:
    at_work.get_by_role("link", name="Figures").click()

    orders = at_work.get_by_role("figure", name="Orders per day")
    expect(orders.locator("rect")).to_have_count(14)
    days = at_work.get_by_role("table").filter(has_text="Cancelled").locator("tbody tr")
    expect(days).to_have_count(14)
    assert serious(at_work) == []
    assert fits_a_phone(at_work)
