"""A Chromium a module, and in it a new visitor for every test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from cli.browser import HOW_TO_GET, chromium
from local import people
from local.shop import Running
from tests.browser.shopper import Shopper
from tests.journeys.visitor import Staff

PATIENCE = 20_000  # milliseconds
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="module")  # while it runs, no other test of this process can use asyncio
def browser() -> Iterator[Browser]:
    program = chromium()
    assert program, HOW_TO_GET
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visitor(browser: Browser, shop: Running) -> Iterator[BrowserContext]:
    with never_here(browser, shop.urls["storefront"]) as context:
        yield context


@contextmanager
def never_here(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser that was never here; a page that breaks, or breaks the policy, fails the test."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield context
    context.close()
    assert wrong == []


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()


@pytest.fixture(scope="session")
def staff(shop: Running) -> Staff:
    return Staff(shop)


@pytest.fixture
def shopper(page: Page, staff: Staff) -> Shopper:
    return Shopper(page, staff)


@pytest.fixture
def at_work(shopper: Shopper, page: Page, shop: Running) -> Page:
    """The staff's page, where a member of staff is signed in."""
    shopper.signs_in("sam", people.password(shop, "sam"))
    page.get_by_role("link", name="Staff").click()
    expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()
    return page


@pytest.fixture
def desk(browser: Browser, shop: Running, staff: Staff) -> Iterator[Page]:
    """The staff's page in another browser than the customer's."""
    context = browser.new_context(base_url=shop.urls["storefront"])
    context.set_default_timeout(PATIENCE)
    Shopper(context.new_page(), staff).signs_in("sam", people.password(shop, "sam"))
    yield context.pages[0]
    context.close()
