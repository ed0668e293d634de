"""Staff manage shipping options. These tests use countries to which no other test ships."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone
from tests.journeys.visitor import Staff


@pytest.fixture
def option_id(staff: Staff) -> str:
    """A new shipping option. Its name is its id in capitals."""
    option_id = f"option-{secrets.token_hex(4)}"
    body = {
        "id": option_id,
        "name": option_id.upper(),
        "rates": [{"country": "IS", "price": {"amount": 450, "currency": "GBP"}}],
    }
    response = staff.http.post("/staff/shipping-options", json=body)
    assert response.status_code == 201, response.text
    return option_id


@pytest.fixture
def option_page(staff_page: Page, option_id: str) -> Page:
    """The page of shipping options, with the form of the option opened."""
    staff_page.get_by_role("link", name="Shipping options").click()
    staff_page.get_by_role("button", name=option_id.upper()).click()
    expect(staff_page.get_by_label("Name", exact=True)).to_have_value(option_id.upper())
    return staff_page


def get_option(staff: Staff, option_id: str) -> dict[str, object]:
    option: dict[str, object] = staff.http.get(f"/staff/shipping-options/{option_id}").json()
    return option


def test_staff_add_a_shipping_option(staff_page: Page, staff: Staff) -> None:
    option_id = f"option-{secrets.token_hex(4)}"
    staff_page.get_by_role("link", name="Shipping options").click()
    staff_page.get_by_role("button", name="Add shipping option").click()
    staff_page.get_by_label("Option ID").fill(option_id)
    staff_page.get_by_label("Name", exact=True).fill("By camel")
    staff_page.get_by_label("Country").fill("IS")
    staff_page.get_by_label("Price", exact=True).fill("7.50")
    staff_page.get_by_role("button", name="Add rate").click()
    staff_page.get_by_label("Country").last.fill("aq")
    staff_page.get_by_label("Maximum weight in grams").last.fill("2000")
    staff_page.get_by_label("Price", exact=True).last.fill("3.95")
    assert find_accessibility_problems(staff_page) == []
    staff_page.get_by_role("button", name="Save").click()

    row = staff_page.get_by_role("row").filter(has_text=option_id)
    expect(row).to_contain_text("Antarctica up to 2 kg: £3.95")
    expect(row).to_contain_text("Iceland: £7.50")
    assert find_accessibility_problems(staff_page) == []
    assert get_option(staff, option_id)["offered"] is True


def test_staff_add_one_rate_and_remove_another(
    option_page: Page, staff: Staff, option_id: str
) -> None:
    option_page.get_by_role("button", name="Add rate").click()
    option_page.get_by_label("Country").last.fill("AQ")
    option_page.get_by_label("Price", exact=True).last.fill("9.99")
    assert fits_a_phone(option_page)
    option_page.get_by_role("button", name="Remove rate 1").click()
    expect(option_page.get_by_label("Country")).to_have_value("AQ")
    option_page.get_by_role("button", name="Save").click()

    row = option_page.get_by_role("row").filter(has_text=option_id)
    expect(row).to_contain_text("Antarctica: £9.99")
    assert get_option(staff, option_id)["rates"] == [
        {"country": "AQ", "max_grams": None, "price": {"amount": 999, "currency": "GBP"}}
    ]


def test_an_option_that_someone_else_has_changed_is_loaded_again(
    option_page: Page, staff: Staff, option_id: str
) -> None:
    body = {
        "name": "Changed",
        "rates": [{"country": "IS", "price": {"amount": 600, "currency": "GBP"}}],
    }
    path = f"/staff/shipping-options/{option_id}"
    staff.http.put(path, json=body, headers={"If-Match": '"1"'})
    option_page.get_by_label("Price", exact=True).fill("5.00")
    option_page.get_by_role("button", name="Save").click()

    expect(option_page.get_by_role("alert")).to_contain_text(
        "Someone else has changed this shipping option"
    )
    expect(option_page.get_by_label("Price", exact=True)).to_have_value("6.00")
    expect(option_page.get_by_label("Name", exact=True)).to_have_value("Changed")


def test_staff_stop_offering_a_shipping_option(
    option_page: Page, staff: Staff, option_id: str
) -> None:
    option_page.get_by_role("button", name="Stop offering").click()
    expect(option_page.get_by_text("Customers will not be able to choose it.")).to_be_visible()
    option_page.get_by_role("button", name="Stop offering").click()

    row = option_page.get_by_role("row").filter(has_text=option_id)
    expect(row.get_by_role("cell", name="No", exact=True)).to_be_visible()
    assert get_option(staff, option_id)["offered"] is False


def test_an_invalid_rate_is_marked(option_page: Page) -> None:
    option_page.get_by_label("Country").fill("1")
    option_page.get_by_role("button", name="Save").click()

    expect(option_page.get_by_label("Country")).to_have_attribute("aria-invalid", "true")
