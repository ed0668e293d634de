"""Staff see the order figures of today and of the days before."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from local.shop import RunningShop
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.visitor import Guest, Staff


def test_staff_see_the_figures_of_today(staff_page: Page, shop: RunningShop, staff: Staff) -> None:
    for token in ("tok_ok", "tok_declined"):
        guest = Guest(shop)
        guest.put(staff.list_product(price=1999))
        guest.wait_for_decision(guest.place_order(token))
    today: dict[str, Any] = staff.http.get("/staff/figures").json()

    staff_page.get_by_role("link", name="Figures").click()

    tiles = staff_page.locator(".tiles > div")
    revenue = today["revenue"][0]["amount"] / 100
    expect(tiles.filter(has_text="Orders today")).to_contain_text(str(today["orders"]))
    expect(tiles.filter(has_text="Revenue today")).to_contain_text(f"£{revenue:,.2f}")
    reason = staff_page.get_by_role("row").filter(has_text="Payment declined")
    expect(reason.get_by_role("cell").nth(1)).to_have_text(
        str(today["rejections"]["payment-declined"])
    )
    assert today["rejections"]["payment-declined"] > 0


def test_fourteen_days_are_shown_as_a_chart_and_as_a_table(staff_page: Page) -> None:
    staff_page.get_by_role("link", name="Figures").click()

    orders = staff_page.get_by_role("figure", name="Orders per day")
    expect(orders.locator("rect")).to_have_count(14)
    days = staff_page.get_by_role("table").filter(has_text="Cancelled").locator("tbody tr")
    expect(days).to_have_count(14)
    assert find_accessibility_problems(staff_page) == []
    assert fits_a_phone(staff_page)
