"""What holds on every page: accessible, small, and usable on a phone and in dark mode."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import Shopper
from tests.journeys.visitor import Staff

SERIOUS_IMPACTS = ("serious", "critical")
MAX_FIRST_VIEW_BYTES = 100_000  # transferred
PHONE_WIDTH = 360
PAGES = {
    "home": "/",
    "category": "/category?name=Tests",
    "product": "/product?sku={sku}",
    "missing product": "/product?sku=nothing",
    "basket": "/basket",
    "checkout": "/checkout",
    "orders": "/orders",
    "sign-in": "/sign-in",
    "staff": "/staff",
    "map": "/map",
}

every_page = pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)


@pytest.fixture(scope="module")
def sku(staff: Staff) -> str:
    return staff.list_product(price=1999)


@pytest.fixture
def shopper_with_basket(shopper: Shopper, sku: str) -> Shopper:
    shopper.page.goto(f"/product?sku={sku}")
    shopper.add_to_basket()
    return shopper


def wait_until_loaded(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1").or_(page.get_by_role("alert")).first).to_be_visible()


def find_accessibility_problems(page: Page) -> list[str]:
    """Problems that axe-core rates as serious or critical, each with the elements concerned."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    page.evaluate((Path(package.origin).parent / "axe.min.js").read_text())
    results: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {[node['html'] for node in violation['nodes']]}"
        for violation in results["violations"]
        if violation["impact"] in SERIOUS_IMPACTS
    ]


def fits_a_phone(page: Page) -> bool:
    """Resize the viewport to a small phone. Returns whether the page is no wider than that."""
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width <= PHONE_WIDTH


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_no_serious_accessibility_problems(
    shopper_with_basket: Shopper, page: Page, sku: str, address: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address.format(sku=sku))
    wait_until_loaded(page)

    assert find_accessibility_problems(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_order_page_has_no_serious_accessibility_problems(
    shopper_with_basket: Shopper, page: Page, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    shopper_with_basket.fill_in_checkout(card="A card that is declined")
    shopper_with_basket.place_order_button.click()
    shopper_with_basket.expect_heading("Rejected")

    assert find_accessibility_problems(page) == []


@every_page
def test_a_page_is_no_wider_than_a_phone(
    shopper_with_basket: Shopper, page: Page, staff: Staff, sku: str, address: str
) -> None:
    list_products_with_pictures(staff)
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})
    page.goto(address.format(sku=sku))
    wait_until_loaded(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH


def test_in_dark_mode_the_page_is_dark(page: Page) -> None:
    def brightness() -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    page.goto("/basket")
    light_brightness = brightness()

    page.emulate_media(color_scheme="dark")

    assert brightness() < light_brightness / 3


@pytest.mark.parametrize("address", ["/", "/category", "/product?sku={sku}"])
def test_the_first_view_is_small(
    visitor: BrowserContext, page: Page, staff: Staff, sku: str, address: str
) -> None:
    list_products_with_pictures(staff)
    transferred_bytes: list[int] = []
    devtools = visitor.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on(
        "Network.loadingFinished",
        lambda response: transferred_bytes.append(response["encodedDataLength"]),
    )

    page.goto(address.format(sku=sku))
    wait_until_loaded(page)

    assert 0 < sum(transferred_bytes) < MAX_FIRST_VIEW_BYTES


def list_products_with_pictures(staff: Staff) -> None:
    """List as many products, with different pictures, as the first page of a list shows."""
    pictures = sorted((Path(__file__).parents[2] / "storefront" / "pictures").iterdir())
    for picture in pictures[:12]:
        staff.http.post(
            "/staff/products",
            json={
                "sku": picture.stem.upper(),
                "name": picture.stem,
                "category": f"Pictures beginning with {picture.stem[:3]}",
                "price": {"amount": 1000, "currency": "GBP"},
                "weight_grams": 100,
                "image": f"/pictures/{picture.name}",
            },
        )


def test_scrolling_loads_more_products(page: Page, staff: Staff) -> None:
    for _ in range(30):
        staff.list_product(stock=0)
    page.goto("/category?name=Tests")
    expect(page.locator(".card-link").nth(11)).to_be_visible()

    for _ in range(6):
        page.mouse.wheel(0, 4000)
        page.wait_for_load_state("networkidle")

    expect(page.locator(".card-link").nth(29)).to_be_attached()


def test_more_products_can_be_loaded_by_keyboard(page: Page, staff: Staff) -> None:
    for _ in range(30):
        staff.list_product(stock=0)
    page.set_viewport_size({"width": 1280, "height": 300})
    page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} };")
    page.goto("/category?name=Tests")

    page.get_by_role("button", name="Show more").press("Enter")

    expect(page.locator(".card-link").nth(12)).to_be_focused()


def test_an_order_can_be_placed_by_keyboard_alone(shopper_with_basket: Shopper, page: Page) -> None:
    page.goto("/basket")
    page.get_by_role("link", name="Go to checkout").press("Enter")
    page.get_by_label("Name", exact=True).press("Tab")  # waits for the form
    page.get_by_label("Name", exact=True).focus()
    for text in ("Ada Lovelace", "ada@example.com", "12 St James's Square", "", "London"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    shopper_with_basket.expect_heading("Confirmed")


def test_a_shop_that_does_not_respond_shows_an_error_with_a_retry_button(page: Page) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("Check your connection")
    page.unroute("**/api/**")

    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".grid")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slow_shop_shows_empty_cards_while_products_are_loading(page: Page) -> None:
    def delay(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/api/products**", delay)

    page.goto("/")

    expect(page.locator(".card.loading").first).to_be_visible()
    expect(page.locator(".card.loading")).to_have_count(0)


def test_a_signed_in_customer_sees_the_orders_of_the_account(
    shopper: Shopper, page: Page, shop: RunningShop
) -> None:
    shopper.sign_in("ada", demo_users.password(shop, "ada"))
    page.goto("/orders")
    wait_until_loaded(page)

    expect(page.get_by_text("These are the orders placed in this browser")).to_have_count(0)
    assert find_accessibility_problems(page) == []
