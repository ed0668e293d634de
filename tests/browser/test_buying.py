"""From the stalls to the order, also when connections, prices and nerves fail on the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from local import people
from local.shop import Running
from tests.browser.shopper import CHECKOUT, Shopper
from tests.journeys.visitor import Staff


def test_a_guest_finds_something_buys_it_and_sees_it_confirmed(
    shopper: Shopper, page: Page, staff: Staff
) -> None:
    sku = staff.list_product(price=1999)
    page.goto("/")
    page.get_by_role("link", name=f"Lamp {sku}").click()
    shopper.puts_this()
    page.get_by_role("link", name="Go to the basket").click()
    page.get_by_role("button", name=f"One more Lamp {sku}").click()
    expect(page.locator("#subtotal")).to_have_text("£39.98")

    shopper.goes_to_checkout()
    expect(page.locator("#total")).to_have_text("£44.93")
    shopper.place.click()

    shopper.sees("Confirmed")
    expect(page.get_by_text(f"2 \N{MULTIPLICATION SIGN} Lamp {sku}")).to_be_visible()
    shopper.has_in_basket(0)
    shopper.has_orders(1)


def test_a_double_click_places_one_order(shopper: Shopper) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()

    shopper.place.dblclick()

    shopper.sees("Confirmed")
    shopper.has_orders(1)


def test_a_price_changed_meanwhile_is_shown_and_accepted_with_one_click(
    shopper: Shopper, page: Page, staff: Staff
) -> None:
    sku = shopper.puts_something(price=1000)
    shopper.goes_to_checkout()
    expect(shopper.place).to_have_text("Place the order for £14.95")
    reprice(staff, sku, 1200)
    shopper.place.click()  # perhaps before the basket heard of it; then it is bought as seen

    said = page.get_by_role("alert")
    expect(said).to_contain_text(f"Lamp {sku}: was £10.00, now £12.00.")
    page.get_by_role("button", name="Accept, and place the order for £16.95").click()

    shopper.sees("Confirmed")
    expect(page.get_by_text("£16.95")).to_be_visible()


def reprice(staff: Staff, sku: str, amount: int) -> None:
    """Change a price, and wait until a basket shows it."""
    etag = staff.http.get(f"/products/{sku}").headers["ETag"]
    answer = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": amount, "currency": "GBP"}},
        headers={"If-Match": etag},
    )
    assert answer.status_code == 200, answer.text
    for _ in range(200):
        put = staff.http.put(f"/basket/items/{sku}", json={"quantity": 1})
        if put.json().get("unit_price", {}).get("amount") == amount:
            return
    raise AssertionError("the basket never heard of the price")


def test_a_declined_card_is_said_in_words(shopper: Shopper, page: Page) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout(card="A card that is declined")

    shopper.place.click()

    shopper.sees("Rejected")
    expect(page.get_by_text("Your payment was declined; you were not charged.")).to_be_visible()


def test_an_order_whose_answer_is_lost_is_placed_once(shopper: Shopper, page: Page) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.loses_answers_of(CHECKOUT)
    shopper.place.click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    page.unroute(CHECKOUT)

    shopper.place.click()

    shopper.sees("Confirmed")
    shopper.has_orders(1)


def test_an_order_whose_answer_is_lost_survives_closing_the_page(
    shopper: Shopper, page: Page
) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.loses_answers_of(CHECKOUT)
    shopper.place.click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.close()
    later = Shopper(page.context.new_page(), shopper._staff)

    later.page.goto("/checkout")
    expect(later.page.get_by_text("Your last order was sent but no answer came")).to_be_visible()
    later.place.click()

    later.sees("Confirmed")
    later.has_orders(1)


def test_an_order_that_never_left_is_placed_when_the_network_is_back(
    shopper: Shopper, page: Page
) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    page.context.set_offline(True)
    shopper.place.click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    page.context.set_offline(False)

    shopper.place.click()

    shopper.sees("Confirmed")
    shopper.has_orders(1)


def test_going_back_from_the_order_buys_nothing_again(shopper: Shopper, page: Page) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")

    page.go_back()

    expect(page.get_by_text("Your basket is empty.")).to_be_visible()
    shopper.has_orders(1)


def test_two_tabs_see_one_basket_and_place_one_order(shopper: Shopper) -> None:
    shopper.puts_something()
    other = shopper.in_another_tab()
    other.page.goto("/")
    other.has_in_basket(1)
    shopper.puts_this()
    other.has_in_basket(2)
    shopper.goes_to_checkout()
    other.goes_to_checkout()

    shopper.place.click()
    shopper.sees("Confirmed")
    other.place.click()

    expect(other.page.get_by_role("alert")).to_contain_text("nothing in the basket")
    other.has_orders(1)


def test_what_is_sold_out_is_noted_and_taken_out_with_a_click(shopper: Shopper, page: Page) -> None:
    shopper.puts_something(price=1000)
    sku = shopper.puts_something(price=500, stock=1)
    shopper.goes_to_checkout()
    buy_the_last(shopper, sku)

    shopper.place.click()
    expect(page.get_by_role("alert")).to_contain_text(f"Lamp {sku}")
    page.get_by_role("button", name="Remove it and go on").click()

    expect(page.locator("#total")).to_have_text("£14.95")
    shopper.place.click()
    shopper.sees("Confirmed")


def buy_the_last(shopper: Shopper, sku: str) -> None:
    """As somebody else, and wait until the basket has heard that there is none left."""
    browser = shopper.page.context.browser
    assert browser is not None
    elsewhere = browser.new_context(base_url=shopper.page.url.split("/checkout")[0])
    other = Shopper(elsewhere.new_page(), shopper._staff)
    other.page.goto(f"/product?sku={sku}")
    other.puts_this()
    other.goes_to_checkout()
    other.place.click()
    other.sees("Confirmed")
    other.page.goto(f"/product?sku={sku}")
    for _ in range(20):
        other.puts_this()
        if other.page.get_by_text("sold out at the moment").is_visible():
            break
    expect(other.page.get_by_text("sold out at the moment")).to_be_visible()
    elsewhere.close()


@pytest.mark.parametrize("missing", ["Name", "Town"])
def test_a_field_left_empty_is_named_and_looked_at(
    shopper: Shopper, page: Page, missing: str
) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    field = page.get_by_label(missing, exact=True)
    field.fill("")

    shopper.place.click()

    expect(page.get_by_role("alert")).to_contain_text("Please look at the fields")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_a_field_the_shop_refuses_is_marked(shopper: Shopper, page: Page) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    page.get_by_label("E-mail").fill("ada@nowhere")

    shopper.place.click()

    expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("E-mail")).to_have_css("border-top-width", "2px")


def test_another_s_order_is_not_there(shopper: Shopper, page: Page, shop: Running) -> None:
    shopper.puts_something()
    shopper.goes_to_checkout()
    shopper.place.click()
    shopper.sees("Confirmed")
    address = page.url

    shopper.signs_in("ada", people.password(shop, "ada"))
    page.clock.install()
    page.goto(address)
    page.clock.fast_forward(31_000)  # right after checkout it may not be there yet

    expect(page.get_by_text("There is no such order for you")).to_be_visible()
