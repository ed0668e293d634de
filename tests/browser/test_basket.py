"""The basket stays: over reloads, lost connections, and signing in."""

from __future__ import annotations

import secrets

import httpx
from playwright.sync_api import Page, expect

from local import people
from local.shop import Running
from tests.browser.shopper import Shopper


def test_the_basket_survives_a_reload(shopper: Shopper, page: Page) -> None:
    sku = shopper.puts_something()
    page.goto("/basket")
    page.get_by_label(f"How many of Lamp {sku}").last.fill("5")
    page.keyboard.press("Enter")
    expect(page.locator("#subtotal")).to_have_text("£99.95")

    page.reload()

    expect(page.get_by_label(f"How many of Lamp {sku}").last).to_have_value("5")
    shopper.has_in_basket(5)


def test_quick_clicks_all_count(shopper: Shopper, page: Page) -> None:
    sku = shopper.puts_something(price=100)
    page.goto("/basket")
    more = page.get_by_role("button", name=f"One more Lamp {sku}")

    for _ in range(4):
        more.click()

    expect(page.locator("#subtotal")).to_have_text("£5.00")


def test_without_a_connection_the_basket_is_shown_as_it_was_and_comes_back(
    shopper: Shopper, page: Page
) -> None:
    sku = shopper.puts_something()
    page.goto("/basket")
    expect(page.locator("#subtotal")).to_have_text("£19.99")
    page.context.set_offline(True)
    page.get_by_role("button", name=f"One more Lamp {sku}").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing in it is lost")
    expect(page.locator("#subtotal")).to_have_text("£19.99")

    page.context.set_offline(False)

    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name=f"One more Lamp {sku}").click()
    expect(page.locator("#subtotal")).to_have_text("£39.98")


def test_removing_the_last_line_empties_it(shopper: Shopper, page: Page) -> None:
    sku = shopper.puts_something()
    page.goto("/basket")

    page.get_by_role("button", name=f"Remove Lamp {sku}").click()

    expect(page.get_by_text("Your basket is empty.")).to_be_visible()
    shopper.has_in_basket(0)


def test_signing_in_takes_the_basket_along_once(
    shopper: Shopper, page: Page, shop: Running
) -> None:
    token = people.token(shop, "ada")
    mine = httpx.Client(base_url=shop.urls["api"], headers={"Authorization": f"Bearer {token}"})
    before = {line["sku"] for line in mine.get("/basket").json()["lines"]}
    for sku in before:
        mine.delete(f"/basket/items/{sku}")
    sku = shopper.puts_something()
    shopper.loses_answers_of("**/basket/merge")  # so it is asked again on the next page

    shopper.signs_in("ada", people.password(shop, "ada"))
    page.unroute_all(behavior="wait")
    page.goto("/basket")

    expect(page.get_by_label(f"How many of Lamp {sku}").last).to_have_value("1")
    shopper.has_in_basket(1)
    page.get_by_role("button", name="Sign out").click()
    shopper.has_in_basket(0)


def test_a_new_customer_makes_an_account_with_the_code_that_was_sent(
    shopper: Shopper, page: Page
) -> None:
    shopper.puts_something()
    page.goto("/sign-in")
    page.get_by_role("button", name="Make an account").click()
    email = f"{secrets.token_hex(6)}@example.com"
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("too simple")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_contain_text("The password is too simple")
    page.get_by_label("Password").fill("Much-Better-1234")
    page.get_by_role("button", name="Make the account").click()

    page.get_by_label("Code from the e-mail").fill("999999")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code")
    page.get_by_label("Code from the e-mail").fill("123456")  # at home it is always this one
    page.get_by_role("button", name="Finish").click()

    shopper.has_in_basket(1)
    page.get_by_role("button", name="Sign out").click()
    shopper.has_in_basket(0)  # signing out leads on by itself
    shopper.signs_in(email, "Much-Better-1234")
    shopper.has_in_basket(1)


def test_a_wrong_password_is_said_in_words(shopper: Shopper, page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail or name").fill("ada")
    page.get_by_label("Password").fill("Wrong-Password-1")

    page.get_by_role("button", name="Sign in").last.click()

    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
