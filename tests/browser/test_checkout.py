"""Customers place orders, also when the connection is lost or prices and stock change."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import CHECKOUT_URL, Shopper
from tests.journeys.visitor import Staff

EXPIRE_SESSION = """() => {
  const session = JSON.parse(localStorage.getItem("souk.session"));
  const expired = { ...session, expiresAt: 0, refreshToken: "expired" };
  localStorage.setItem("souk.session", JSON.stringify(expired));
}"""


def test_a_guest_finds_a_product_buys_it_and_sees_the_order_confirmed(
    shopper: Shopper, page: Page, staff: Staff
) -> None:
    sku = staff.list_product(price=1999)
    page.goto("/")
    page.get_by_role("link", name=f"Lamp {sku}").click()
    shopper.add_to_basket()
    page.get_by_role("link", name="Go to basket").click()
    page.get_by_role("button", name=f"Add one Lamp {sku}").click()
    expect(page.locator("#subtotal")).to_have_text("£39.98")

    shopper.fill_in_checkout()
    expect(page.locator("#total")).to_have_text("£44.93")
    shopper.place_order_button.click()

    shopper.expect_heading("Confirmed")
    expect(page.get_by_text(f"2 \N{MULTIPLICATION SIGN} Lamp {sku}")).to_be_visible()
    shopper.expect_items_in_basket(0)
    shopper.expect_orders(1)


def test_a_double_click_places_one_order(shopper: Shopper) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()

    shopper.place_order_button.dblclick()

    shopper.expect_heading("Confirmed")
    shopper.expect_orders(1)


def test_a_changed_price_is_shown_and_accepted_with_one_click(
    shopper: Shopper, page: Page, staff: Staff
) -> None:
    sku = shopper.add_new_product(price=1000)
    shopper.fill_in_checkout()
    expect(shopper.place_order_button).to_have_text("Place order for £14.95")
    change_price(staff, sku, 1200)
    shopper.place_order_button.click()

    expect(page.get_by_role("alert")).to_contain_text(f"Lamp {sku}: was £10.00, now £12.00.")
    page.get_by_role("button", name="Accept and place order for £16.95").click()

    shopper.expect_heading("Confirmed")
    expect(page.get_by_text("£16.95")).to_be_visible()


def change_price(staff: Staff, sku: str, amount: int) -> None:
    """Change the price, and wait until the basket service knows it."""
    etag = staff.http.get(f"/products/{sku}").headers["ETag"]
    response = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": amount, "currency": "GBP"}},
        headers={"If-Match": etag},
    )
    assert response.status_code == 200, response.text
    for _ in range(200):
        line = staff.http.put(f"/basket/items/{sku}", json={"quantity": 1})
        if line.json().get("unit_price", {}).get("amount") == amount:
            return
    raise AssertionError("the basket service does not know the price")


def test_a_declined_card_shows_a_message(shopper: Shopper, page: Page) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout(card="A card that is declined")

    shopper.place_order_button.click()

    shopper.expect_heading("Rejected")
    expect(
        page.get_by_role("status").get_by_text("Your payment was declined. You were not charged.")
    ).to_be_visible()


def test_an_order_whose_response_is_lost_is_placed_once(shopper: Shopper, page: Page) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.lose_responses(CHECKOUT_URL)
    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_contain_text("The shop did not respond")
    page.unroute(CHECKOUT_URL)

    shopper.place_order_button.click()

    shopper.expect_heading("Confirmed")
    shopper.expect_orders(1)


def test_an_order_whose_response_is_lost_survives_closing_the_page(
    shopper: Shopper, page: Page
) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.lose_responses(CHECKOUT_URL)
    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.close()
    later = Shopper(page.context.new_page(), shopper._staff)

    later.page.goto("/checkout")
    expect(later.page.get_by_text("The shop did not respond to your last order")).to_be_visible()
    later.place_order_button.click()

    later.expect_heading("Confirmed")
    later.expect_orders(1)


def test_an_order_whose_response_is_lost_survives_an_expired_session(
    shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    shopper.sign_in("ada", demo_users.password(shop, "ada"))
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.lose_responses(CHECKOUT_URL)
    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_contain_text("The shop did not respond")
    page.unroute(CHECKOUT_URL)
    page.evaluate(EXPIRE_SESSION)

    page.get_by_label("Town or city", exact=True).fill("Paris")
    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has expired")
    shopper.sign_in("ada", demo_users.password(shop, "ada"))

    page.goto("/checkout")
    expect(page.get_by_text("The shop did not respond to your last order")).to_be_visible()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")


def test_an_order_that_was_never_sent_is_placed_when_the_connection_is_back(
    shopper: Shopper, page: Page
) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    page.context.set_offline(True)
    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_contain_text("The shop did not respond")
    page.context.set_offline(False)

    shopper.place_order_button.click()

    shopper.expect_heading("Confirmed")
    shopper.expect_orders(1)


def test_going_back_from_the_order_places_no_second_order(shopper: Shopper, page: Page) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")

    page.go_back()

    expect(page.get_by_text("Your basket is empty.")).to_be_visible()
    shopper.expect_orders(1)


def test_two_tabs_share_a_basket_and_place_one_order(shopper: Shopper) -> None:
    shopper.add_new_product()
    other = shopper.open_tab()
    other.page.goto("/")
    other.expect_items_in_basket(1)
    shopper.add_to_basket()
    other.expect_items_in_basket(2)
    shopper.fill_in_checkout()
    other.fill_in_checkout()

    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    other.place_order_button.click()

    expect(other.page.get_by_role("alert")).to_contain_text("The basket is empty")
    other.expect_orders(1)


def test_a_sold_out_product_is_named_and_removed_with_one_click(
    shopper: Shopper, page: Page
) -> None:
    shopper.add_new_product(price=1000)
    sku = shopper.add_new_product(price=500, stock=1)
    shopper.fill_in_checkout()
    sell_out(shopper, sku)

    shopper.place_order_button.click()
    expect(page.get_by_role("alert")).to_contain_text(f"Lamp {sku}")
    page.get_by_role("button", name="Remove and continue").click()

    expect(page.locator("#total")).to_have_text("£14.95")
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")


def sell_out(shopper: Shopper, sku: str) -> None:
    """Buy the last item as another customer, and wait until the basket service knows."""
    browser = shopper.page.context.browser
    assert browser is not None
    context = browser.new_context(base_url=shopper.page.url.split("/checkout")[0])
    other = Shopper(context.new_page(), shopper._staff)
    other.page.goto(f"/product?sku={sku}")
    other.add_to_basket()
    other.fill_in_checkout()
    other.place_order_button.click()
    other.expect_heading("Confirmed")
    other.page.goto(f"/product?sku={sku}")
    for _ in range(20):
        other.add_to_basket()
        if other.page.get_by_text("sold out at the moment").is_visible():
            break
    expect(other.page.get_by_text("sold out at the moment")).to_be_visible()
    context.close()


@pytest.mark.parametrize("missing", ["Name", "Town or city"])
def test_an_empty_required_field_is_marked_and_focused(
    shopper: Shopper, page: Page, missing: str
) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    field = page.get_by_label(missing, exact=True)
    field.fill("")

    shopper.place_order_button.click()

    expect(page.get_by_role("alert")).to_contain_text("Please check the marked fields")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_a_field_that_the_api_rejects_is_marked(shopper: Shopper, page: Page) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    page.get_by_label("Email").fill("ada@nowhere")

    shopper.place_order_button.click()

    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Email")).to_have_css("border-top-width", "2px")


def test_the_order_of_another_customer_is_not_found(
    shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    shopper.add_new_product()
    shopper.fill_in_checkout()
    shopper.place_order_button.click()
    shopper.expect_heading("Confirmed")
    url = page.url

    shopper.sign_in("ada", demo_users.password(shop, "ada"))
    page.clock.install()
    page.goto(url)
    page.clock.fast_forward(31_000)  # right after checkout, an order may not exist yet

    expect(page.get_by_text("We could not find this order")).to_be_visible()
