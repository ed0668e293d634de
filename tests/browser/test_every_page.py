"""What holds on every page: everybody can use it, also on a phone and in the dark."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from local import people
from local.shop import Running
from tests.browser.shopper import Shopper
from tests.journeys.visitor import Staff

SERIOUS = ("serious", "critical")
FIRST_VIEW = 100_000  # bytes, all that is transferred
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
def filled(shopper: Shopper, sku: str) -> Shopper:
    """A visitor with something in the basket."""
    shopper.page.goto(f"/product?sku={sku}")
    shopper.puts_this()
    return shopper


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1").or_(page.get_by_role("alert")).first).to_be_visible()


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or worse, each with where it is."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    page.evaluate((Path(package.origin).parent / "axe.min.js").read_text())
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{each['id']}: {[node['html'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def fits_a_phone(page: Page) -> bool:
    """Whether the page, as it stands, is no wider than a small phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width <= 360


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_anybody_out(
    filled: Shopper, page: Page, sku: str, address: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address.format(sku=sku))
    settled(page)

    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_order_keeps_nobody_out(filled: Shopper, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    filled.goes_to_checkout(card="A card that is declined")
    filled.place.click()
    filled.sees("Rejected")

    assert serious(page) == []


@every_page
def test_a_phone_shows_the_whole_width(
    filled: Shopper, page: Page, staff: Staff, sku: str, address: str
) -> None:
    show_pictures(staff)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address.format(sku=sku))
    settled(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_in_the_dark_the_page_is_dark(page: Page) -> None:
    def brightness() -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    page.goto("/basket")
    by_day = brightness()

    page.emulate_media(color_scheme="dark")

    assert brightness() < by_day / 3


@pytest.mark.parametrize("address", ["/", "/category", "/product?sku={sku}"])
def test_the_first_view_is_small(
    visitor: BrowserContext, page: Page, staff: Staff, sku: str, address: str
) -> None:
    show_pictures(staff)
    transferred: list[int] = []
    devtools = visitor.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on(
        "Network.loadingFinished", lambda sent: transferred.append(sent["encodedDataLength"])
    )

    page.goto(address.format(sku=sku))
    settled(page)

    assert 0 < sum(transferred) < FIRST_VIEW


def show_pictures(staff: Staff) -> None:
    """As many products, with pictures of their own, as a first page lists."""
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


def test_a_category_goes_on_as_one_scrolls(page: Page, staff: Staff) -> None:
    for _ in range(30):
        staff.list_product(stock=0)
    page.goto("/category?name=Tests")
    expect(page.locator(".card .open").nth(11)).to_be_visible()

    for _ in range(6):
        page.mouse.wheel(0, 4000)
        page.wait_for_load_state("networkidle")

    expect(page.locator(".card .open").nth(29)).to_be_attached()


def test_a_category_goes_on_by_keyboard(page: Page, staff: Staff) -> None:
    for _ in range(30):
        staff.list_product(stock=0)
    page.set_viewport_size({"width": 1280, "height": 300})
    page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} };")
    page.goto("/category?name=Tests")

    page.get_by_role("button", name="Show more").press("Enter")

    expect(page.locator(".card .open").nth(12)).to_be_focused()


def test_all_can_be_bought_by_keyboard_alone(filled: Shopper, page: Page) -> None:
    page.goto("/basket")
    page.get_by_role("link", name="Go to the checkout").press("Enter")
    page.get_by_label("Name", exact=True).press("Tab")  # from here on only keys
    page.get_by_label("Name", exact=True).focus()
    for text in ("Ada Lovelace", "ada@example.com", "12 St James's Square", "", "London"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    filled.sees("Confirmed")


def test_a_shop_that_does_not_answer_says_so_and_goes_on_at_a_click(page: Page) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("Check your connection")
    page.unroute("**/api/**")

    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".grid")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slow_shop_shows_that_something_is_coming(page: Page) -> None:
    def hesitate(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/api/products**", hesitate)

    page.goto("/")

    expect(page.locator(".card.waiting").first).to_be_visible()
    expect(page.locator(".card.waiting")).to_have_count(0)


def test_signed_in_the_orders_page_is_the_account_s(
    shopper: Shopper, page: Page, shop: Running
) -> None:
    shopper.signs_in("ada", people.password(shop, "ada"))
    page.goto("/orders")
    settled(page)

    expect(page.get_by_text("These are the orders of this browser")).to_have_count(0)
    assert serious(page) == []
