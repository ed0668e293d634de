"""A person who uses the pages, and finds elements by the texts on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, Route, expect

if TYPE_CHECKING:
    from tests.journeys.visitor import Staff

CONTACT = {
    "Name": "Ada Lovelace",
    "Email": "ada@example.com",
    "Street and number": "12 St James's Square",
    "Town or city": "London",
}
CHECKOUT_URL = "**/basket/checkout"
MAX_CLICKS = 20  # until the basket service knows a new product


class Shopper:
    def __init__(self, page: Page, staff: Staff) -> None:
        self.page = page
        self._staff = staff

    def open_tab(self) -> Shopper:
        return Shopper(self.page.context.new_page(), self._staff)

    def add_new_product(self, price: int = 1999, stock: int = 1000) -> str:
        """Have staff list a product, then add it to the basket. Returns its SKU."""
        sku = self._staff.list_product(price, stock)
        self.page.goto(f"/product?sku={sku}")
        self.add_to_basket()
        return sku

    def add_to_basket(self) -> None:
        """Add the shown product, retrying until the basket service knows it."""
        button = self.page.get_by_role("button", name="Add to basket")
        added = self.page.get_by_role("link", name="Go to basket")
        unknown = self.page.locator("[role=alert]").filter(has_text="added to the shop just now")
        for _ in range(MAX_CLICKS):
            button.click()
            expect(added.or_(unknown)).to_be_visible()
            if added.is_visible():
                return
        raise AssertionError("the basket service does not know the product")

    def fill_in_checkout(self, card: str = "A card that is accepted") -> None:
        self.page.goto("/checkout")
        for label, value in CONTACT.items():
            self.page.get_by_label(label, exact=True).fill(value)
        self.page.get_by_label(card).check()

    @property
    def place_order_button(self) -> Locator:
        return self.page.get_by_role("button", name="Place order")

    def expect_heading(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def expect_orders(self, count: int) -> None:
        self.page.goto("/orders")
        if count:
            expect(self.page.locator(".order-card")).to_have_count(count)
        else:
            expect(self.page.get_by_text("You have not placed any orders yet")).to_be_visible()

    def expect_items_in_basket(self, count: int) -> None:
        expect(self.page.locator(".site-header .item-count")).to_have_text(str(count))

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("Email or user name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").last.click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))  # it opens the next page
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def lose_responses(self, url: str) -> None:
        """Requests to `url` take effect, but the page gets no response."""

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        self.page.route(url, lose)


def find_row(page: Page, text: str) -> Locator:
    """The row of a staff list, on whichever page of it: tests share a shop."""
    row = page.get_by_role("row").filter(has_text=text)
    more = page.get_by_role("button", name="Show more")
    while True:
        expect(row.or_(more).first).to_be_visible()
        if row.is_visible():
            return row
        more.click()


def fill_in_new_product(page: Page, sku: str) -> None:
    """Fill in the form for a new product, without saving it."""
    page.get_by_role("button", name="Add product").click()
    page.get_by_label("SKU").fill(sku)
    page.get_by_label("Name").fill(f"Lamp {sku}")
    page.get_by_label("Category").fill("Tests")
    page.get_by_label("Price").fill("12.50")
    page.get_by_label("Weight in grams").fill("900")
