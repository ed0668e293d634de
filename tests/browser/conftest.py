"""One Chromium per module, in which every test gets a new visitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cli.browser import NO_CHROMIUM, find_chromium
from local import demo_users
from local.shop import RunningShop
from tests.browser.shopper import Shopper
from tests.journeys.visitor import Staff

TIMEOUT_MS = 20_000
expect.set_options(timeout=TIMEOUT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="module")  # while it runs, no other test of this process can use asyncio
def browser() -> Iterator[Browser]:
    program = find_chromium()
    assert program, NO_CHROMIUM
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, shop: RunningShop) -> Iterator[BrowserContext]:
    with new_visitor(browser, shop.urls["storefront"]) as context:
        yield context


@contextmanager
def new_visitor(browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """A browser context without stored data.

    An uncaught error on a page, or a violation of the Content Security Policy, fails the test.
    """
    context = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on(
        "console",
        lambda message: (
            errors.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield context
    context.close()
    assert errors == []


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()


@pytest.fixture(scope="session")
def staff(shop: RunningShop) -> Staff:
    return Staff(shop)


@pytest.fixture
def shopper(page: Page, staff: Staff) -> Shopper:
    return Shopper(page, staff)


@pytest.fixture
def staff_page(shopper: Shopper, page: Page, shop: RunningShop) -> Page:
    """`page`, signed in as staff, on the staff page."""
    shopper.sign_in("sam", demo_users.password(shop, "sam"))
    page.get_by_role("link", name="Staff").click()
    expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()
    return page


@pytest.fixture
def staff_window(browser: Browser, shop: RunningShop, staff: Staff) -> Iterator[Page]:
    """A page signed in as staff, in another browser context than the customer's `page`."""
    context = browser.new_context(base_url=shop.urls["storefront"])
    context.set_default_timeout(TIMEOUT_MS)
    Shopper(context.new_page(), staff).sign_in("sam", demo_users.password(shop, "sam"))
    yield context.pages[0]
    context.close()
