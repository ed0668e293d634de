"""`./souk screenshots`: takes screenshots of every page: desktop, dark mode, phone."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import FilePayload, Page, sync_playwright

from cli.browser import NO_CHROMIUM, find_chromium
from cli.output import note
from cli.replay.deliveries import CARRIER, sign_webhook
from cli.shop_internals import AwsShopInternals
from cli.start_shop import start_shop
from local import demo_users
from local.cloud import STACK
from local.process import find_free_port
from local.shop import RunningShop, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_FOLDER = Path(__file__).parents[1] / "docs" / "images" / "pages"
TIMEOUT_MS = 30_000
POLL_MS = 250
VARIANTS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
CONTACT = {
    "#name": "Ada Lovelace",
    "#email": "ada@example.com",
    "#line1": "12 St James's Square",
    "#city": "London",
    "#postcode": "SW1Y 4JH",
}
PRICE_LIST: FilePayload = {
    "name": "lamps.csv",
    "mimeType": "text/csv",
    "buffer": b"Stock Code,Title,Unit Price,Department,Weight (g),Qty\n"
    b"LAMP-STR-07,Star lantern,48.00,Lamps,1450,12\n"
    b"LAMP-DSK-02,Desk lamp of pierced brass,62.50,Lamps,1900,8\n",
}
STAFF_VIEWS = {
    "figures": ("figures", None, ".chart"),
    "stock": ("stock", None, "table"),
    "order": ("orders&status=delivered", "td a", ".timeline li"),
    "return": ("returns", "td .link", "#opened"),
    "shipping": ("shipping", "td .link", ".rate"),
    "dead-letters": ("dead-letters", None, "table"),
}
"""By name: the query of a staff view, the selector to click there (None: no click), and the
selector to wait for."""


class NoBrowser(Exception):
    """There is no Chromium. The message says how to get it."""


def take_screenshots(folder: Path) -> list[Path]:
    """Start a separate shop, take a screenshot of every page, and return the files.

    Raises NoBrowser.
    """
    program = find_chromium()
    if program is None:
        raise NoBrowser(f"There is {NO_CHROMIUM}.")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="souk-screenshots-") as state,
        sync_playwright() as playwright,
    ):
        shop = Shop(Path(state))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            running = start_shop(shop, port=find_free_port(0), fresh=True, demo=True)
            return [
                file
                for variant, options in VARIANTS.items()
                for file in _visit_pages(
                    browser.new_context(**options).new_page(), running, folder, variant
                )
            ]
        finally:
            browser.close()
            shop.stop()


def _visit_pages(page: Page, running: RunningShop, folder: Path, variant: str) -> Iterator[Path]:
    """Visit every page as a customer and as staff. Yields the file of each screenshot."""
    note(f"Taking screenshots: {variant}")
    page.set_default_timeout(TIMEOUT_MS)
    url = running.urls["storefront"].rstrip("/")

    def take(name: str, selector: str) -> Path:
        page.wait_for_selector(selector)
        page.wait_for_load_state("networkidle")
        file = folder / f"{name}-{variant}.jpg"
        page.screenshot(path=file, type="jpeg", quality=82)
        return file

    page.goto(f"{url}/")
    yield take("home", ".card-link")
    page.goto(f"{url}/category?name=Ceramics")
    yield take("category", ".card-link")
    for sku in ("LAMP-FEZ-01", "TEA-POT-01"):
        page.goto(f"{url}/product?sku={sku}")
        page.click(".add-to-basket .button")
        page.wait_for_selector(".message a")
    yield take("product", ".message a")
    page.goto(f"{url}/basket")
    yield take("basket", ".basket-line")
    page.goto(f"{url}/checkout")
    for field, value in CONTACT.items():
        page.fill(field, value)
    page.evaluate("document.activeElement.blur()")
    yield take("checkout", "#total")
    page.click(".review .button")
    yield take("order", "h1:has-text('Confirmed')")
    order = page.url
    page.goto(f"{url}/orders")
    yield take("orders", ".order-card")
    _deliver(page, running, order.split("id=")[1])
    page.goto(order)
    page.click("summary")
    page.fill(".return input >> nth=0", "1")
    page.fill("#return-reason", "It is too bright for the room")
    page.locator(".return").scroll_into_view_if_needed()
    yield take("return", ".return .button")
    page.click(".return .button")
    page.wait_for_selector("li:has-text('Requested')")
    page.goto(f"{url}/sign-in")
    yield take("sign-in", "#password")
    yield from _visit_staff_pages(page, running, url, take)


def _deliver(page: Page, running: RunningShop, order_id: str) -> None:
    """Dispatch the order's parcel as staff, report its delivery as the carrier, and wait for it."""
    url = running.urls["api"]
    staff = {"Authorization": f"Bearer {demo_users.sign_in(running, 'sam')}"}
    dispatch = f"{url}/staff/shipments/{order_id}/dispatch"
    response = page.request.post(dispatch, headers=staff, data={}, fail_on_status_code=True)
    webhook = {"tracking_number": response.json()["tracking_number"], "event": "delivered"}
    body = json.dumps(webhook).encode()
    secret = AwsShopInternals(running.session(), STACK).webhook_secret()
    page.request.post(
        f"{url}/shipments/webhooks/{CARRIER}",
        headers={"Carrier-Signature": sign_webhook(body, secret, int(time.time()))},
        data=body,
        fail_on_status_code=True,
    )
    order = f"{url}/staff/orders/{order_id}"
    for _ in range(TIMEOUT_MS // POLL_MS):
        if page.request.get(order, headers=staff).json()["status"] == "delivered":
            return
        page.wait_for_timeout(POLL_MS)


def _visit_staff_pages(page: Page, running: RunningShop, url: str, take: Any) -> Iterator[Path]:
    page.fill("#name", "sam")
    page.fill("#password", demo_users.password(running, "sam"))
    page.click("form .button")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/staff")
    yield take("staff", "table")
    for name, (view, to_click, to_wait_for) in STAFF_VIEWS.items():
        page.goto(f"{url}/staff?view={view}")
        if to_click:
            page.click(to_click)
        yield take(f"staff-{name}", to_wait_for)
    page.goto(f"{url}/staff?view=import")
    page.set_input_files("#file", PRICE_LIST)
    yield take("staff-import", "form select")
    page.goto(f"{url}/map")
    page.click("#events button:enabled")
    yield take("map", ".order-steps .reached + .reached")
