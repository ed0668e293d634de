"""How staff say what sending costs, on the staff's page: to where no other test sends anything."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_every_page import fits_a_phone, serious
from tests.journeys.visitor import Staff


@pytest.fixture
def option(staff: Staff) -> str:
    """A way to send of which no other test speaks; its name is its id in capitals."""
    option = f"way-{secrets.token_hex(4)}"
    body = {
        "option": option,
        "name": option.upper(),
        "rates": [{"country": "IS", "price": {"amount": 450, "currency": "GBP"}}],
    }
    answer = staff.http.post("/staff/shipping-options", json=body)
    assert answer.status_code == 201, answer.text
    return option


@pytest.fixture
def at_prices(at_work: Page, option: str) -> Page:
    """The page of shipping prices, where `option` is opened."""
    at_work.get_by_role("link", name="Shipping prices").click()
    at_work.get_by_role("button", name=option.upper()).click()
    expect(at_work.get_by_label("Name", exact=True)).to_have_value(option.upper())
    return at_work


def read(staff: Staff, option: str) -> dict[str, object]:
    found: dict[str, object] = staff.http.get(f"/staff/shipping-options/{option}").json()
    return found


def test_staff_offer_a_new_way_to_send(at_work: Page, staff: Staff) -> None:
    page, option = at_work, f"way-{secrets.token_hex(4)}"
    page.get_by_role("link", name="Shipping prices").click()
    page.get_by_role("button", name="A new way to send").click()
    page.get_by_label("Short name").fill(option)
    page.get_by_label("Name", exact=True).fill("By camel")
    page.get_by_label("Country").fill("IS")
    page.get_by_label("Price", exact=True).fill("7.50")
    page.get_by_role("button", name="One more price").click()
    page.get_by_label("Country").last.fill("aq")
    page.get_by_label("Up to grams").last.fill("2000")
    page.get_by_label("Price", exact=True).last.fill("3.95")
    assert serious(page) == []
    page.get_by_role("button", name="Save").click()

    row = page.get_by_role("row").filter(has_text=option)
    expect(row).to_contain_text("Antarctica up to 2 kg: £3.95")
    expect(row).to_contain_text("Iceland: £7.50")
    assert serious(page) == []
    assert read(staff, option)["offered"] is True


def test_staff_change_a_price_and_take_another_away(
    at_prices: Page, staff: Staff, option: str
) -> None:
    at_prices.get_by_role("button", name="One more price").click()
    at_prices.get_by_label("Country").last.fill("AQ")
    at_prices.get_by_label("Price", exact=True).last.fill("9.99")
    assert fits_a_phone(at_prices)
    at_prices.get_by_role("button", name="Remove price 1").click()
    expect(at_prices.get_by_label("Country")).to_have_value("AQ")
    at_prices.get_by_role("button", name="Save").click()

    row = at_prices.get_by_role("row").filter(has_text=option)
    expect(row).to_contain_text("Antarctica: £9.99")
    assert read(staff, option)["rates"] == [
        {"country": "AQ", "max_grams": None, "price": {"amount": 999, "currency": "GBP"}}
    ]


def test_a_price_changed_by_somebody_else_is_read_again(
    at_prices: Page, staff: Staff, option: str
) -> None:
    body = {
        "name": "Changed",
        "rates": [{"country": "IS", "price": {"amount": 600, "currency": "GBP"}}],
    }
    path = f"/staff/shipping-options/{option}"
    staff.http.put(path, json=body, headers={"If-Match": '"1"'})
    at_prices.get_by_label("Price", exact=True).fill("5.00")
    at_prices.get_by_role("button", name="Save").click()

    expect(at_prices.get_by_role("alert")).to_contain_text("Somebody else has changed this way")
    expect(at_prices.get_by_label("Price", exact=True)).to_have_value("6.00")
    expect(at_prices.get_by_label("Name", exact=True)).to_have_value("Changed")


def test_staff_stop_offering_a_way_to_send(at_prices: Page, staff: Staff, option: str) -> None:
    at_prices.get_by_role("button", name="Stop offering it").click()
    expect(at_prices.get_by_text("Really?")).to_be_visible()
    at_prices.get_by_role("button", name="Stop offering it").click()

    row = at_prices.get_by_role("row").filter(has_text=option)
    expect(row.get_by_role("cell", name="No", exact=True)).to_be_visible()
    assert read(staff, option)["offered"] is False


def test_a_bad_price_is_shown_where_it_was_written(at_prices: Page) -> None:
    at_prices.get_by_label("Country").fill("1")
    at_prices.get_by_role("button", name="Save").click()

    expect(at_prices.get_by_label("Country")).to_have_attribute("aria-invalid", "true")
