"""The basket is kept over reloads, lost connections, and signing in."""

from __future__ import annotations

import secrets

import httpx
from playwright.sync_api import Page, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import Shopper


def test_the_basket_survives_a_reload(shopper: Shopper, page: Page) -> None:
    sku = shopper.add_new_product()
    page.goto("/basket")
    page.get_by_label(f"Quantity of Lamp {sku}").last.fill("5")
    page.keyboard.press("Enter")
    expect(page.locator("#subtotal")).to_have_text("£99.95")

    page.reload()

    expect(page.get_by_label(f"Quantity of Lamp {sku}").last).to_have_value("5")
    shopper.expect_items_in_basket(5)


def test_each_of_several_quick_clicks_counts(shopper: Shopper, page: Page) -> None:
    sku = shopper.add_new_product(price=100)
    page.goto("/basket")
    add_one = page.get_by_role("button", name=f"Add one Lamp {sku}")

    for _ in range(4):
        add_one.click()

    expect(page.locator("#subtotal")).to_have_text("£5.00")


def test_without_a_connection_the_basket_is_shown_as_last_seen_until_it_returns(
    shopper: Shopper, page: Page
) -> None:
    sku = shopper.add_new_product()
    page.goto("/basket")
    expect(page.locator("#subtotal")).to_have_text("£19.99")
    page.context.set_offline(True)
    page.get_by_role("button", name=f"Add one Lamp {sku}").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing in it is lost")
    expect(page.locator("#subtotal")).to_have_text("£19.99")

    page.context.set_offline(False)

    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name=f"Add one Lamp {sku}").click()
    expect(page.locator("#subtotal")).to_have_text("£39.98")


def test_removing_the_last_line_empties_the_basket(shopper: Shopper, page: Page) -> None:
    sku = shopper.add_new_product()
    page.goto("/basket")

    page.get_by_role("button", name=f"Remove Lamp {sku}").click()

    expect(page.get_by_text("Your basket is empty.")).to_be_visible()
    shopper.expect_items_in_basket(0)


def test_signing_in_merges_the_guest_basket_once(
    shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    token = demo_users.sign_in(shop, "ada")
    http = httpx.Client(base_url=shop.urls["api"], headers={"Authorization": f"Bearer {token}"})
    for old_sku in {line["sku"] for line in http.get("/basket").json()["lines"]}:
        http.delete(f"/basket/items/{old_sku}")
    sku = shopper.add_new_product()
    shopper.lose_responses("**/basket/merge")  # so the next page sends the request again

    shopper.sign_in("ada", demo_users.password(shop, "ada"))
    page.unroute_all(behavior="wait")
    page.goto("/basket")

    expect(page.get_by_label(f"Quantity of Lamp {sku}").last).to_have_value("1")
    shopper.expect_items_in_basket(1)
    page.get_by_role("button", name="Sign out").click()
    shopper.expect_items_in_basket(0)


def test_a_new_customer_creates_an_account_with_the_code_from_the_email(
    shopper: Shopper, page: Page
) -> None:
    shopper.add_new_product()
    page.goto("/sign-in")
    page.get_by_role("button", name="Create an account").click()
    email = f"{secrets.token_hex(6)}@example.com"
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("too simple")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_contain_text("The password is too simple")
    page.get_by_label("Password").fill("Much-Better-1234")
    page.get_by_role("button", name="Create account").click()

    page.get_by_label("Code from the email").fill("999999")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong")
    page.get_by_label("Code from the email").fill("123456")  # the local cloud's only code
    page.get_by_role("button", name="Confirm").click()

    shopper.expect_items_in_basket(1)
    page.get_by_role("button", name="Sign out").click()
    shopper.expect_items_in_basket(0)  # signing out opens the home page
    shopper.sign_in(email, "Much-Better-1234")
    shopper.expect_items_in_basket(1)


def test_a_wrong_password_shows_a_message(shopper: Shopper, page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email or user name").fill("ada")
    page.get_by_label("Password").fill("Wrong-Password-1")

    page.get_by_role("button", name="Sign in").last.click()

    expect(page.get_by_role("alert")).to_contain_text("The user name or the password is wrong")
