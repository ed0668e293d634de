"""What a person does on the pages, by the words they read there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Locator, Page, Route, expect

if TYPE_CHECKING:
    from tests.journeys.visitor import Staff

CONTACT = {
    "Name": "Ada Lovelace",
    "E-mail": "ada@example.com",
    "Street and number": "12 St James's Square",
    "Town": "London",
}
CHECKOUT = "**/basket/checkout"


class Shopper:
    def __init__(self, page: Page, staff: Staff) -> None:
        self.page = page
        self._staff = staff

    def in_another_tab(self) -> Shopper:
        return Shopper(self.page.context.new_page(), self._staff)

    def puts_something(self, price: int = 1999, stock: int = 1000) -> str:
        """A new product into the basket, on its page; returns its SKU."""
        sku = self._staff.list_product(price, stock)
        self.page.goto(f"/product?sku={sku}")
        self.puts_this()
        return sku

    def puts_this(self) -> None:
        """The product shown; of a new one the basket has perhaps not heard at once."""
        add, there = self.page.get_by_role("button", name="Add to basket"), self._in_basket()
        for _ in range(20):
            add.click()
            told = self.page.locator("[role=alert]").filter(has_text="put up for sale just now")
            expect(there.or_(told)).to_be_visible()
            if there.is_visible():
                return
        raise AssertionError("the basket never heard of the product")

    def goes_to_checkout(self, card: str = "A card that is accepted") -> None:
        self.page.goto("/checkout")
        for label, value in CONTACT.items():
            self.page.get_by_label(label, exact=True).fill(value)
        self.page.get_by_label(card).check()

    @property
    def place(self) -> Any:
        return self.page.get_by_role("button", name="Place the order")

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def has_orders(self, number: int) -> None:
        self.page.goto("/orders")
        if number:
            expect(self.page.locator(".order-card")).to_have_count(number)
        else:
            expect(self.page.get_by_text("You have not ordered anything yet")).to_be_visible()

    def has_in_basket(self, number: int) -> None:
        expect(self.page.locator(".top .count")).to_have_text(str(number))

    def signs_in(self, name: str, password: str) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail or name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").last.click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))  # it leads on by itself
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def loses_answers_of(self, address: str) -> None:
        """What is sent arrives and is done, but nothing comes back."""

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        self.page.route(address, lose)

    def _in_basket(self) -> Any:
        return self.page.get_by_role("link", name="Go to the basket")


def finds_row(page: Page, text: str) -> Locator:
    """The row of staff's list, however many pages are before it: tests share a shop."""
    row = page.get_by_role("row").filter(has_text=text)
    more = page.get_by_role("button", name="Show more")
    while True:
        expect(row.or_(more).first).to_be_visible()
        if row.is_visible():
            return row
        more.click()


def fill_in_a_new_product(page: Page, sku: str) -> None:
    """On staff's products: all it needs but the click that saves it."""
    page.get_by_role("button", name="A new product").click()
    page.get_by_label("Number (SKU)").fill(sku)
    page.get_by_label("Name").fill(f"Lamp {sku}")
    page.get_by_label("Category").fill("Tests")
    page.get_by_label("Price").fill("12.50")
    page.get_by_label("Weight in grams").fill("900")
