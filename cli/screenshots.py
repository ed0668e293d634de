"""`./souk screenshots`: every page as a customer meets it, on a desk, on a phone, in the dark."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import FilePayload, Page, sync_playwright

from cli.backstage import AwsBackstage
from cli.browser import HOW_TO_GET, chromium
from cli.opening import open_shop
from cli.replay.parcels import CARRIER, signature
from cli.say import note
from local import people
from local.cloud import STACK
from local.process import free_port
from local.shop import Running, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "pages"
PATIENCE = 30_000  # milliseconds
LOOK_AGAIN = 250
LOOKS: dict[str, dict[str, Any]] = {
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
    "order": ("orders&status=delivered", "td a", ".history li"),
    "return": ("returns", "td .link", "#opened"),
    "shipping": ("shipping", "td .link", ".rate"),
    "dead-letters": ("dead-letters", None, "table"),
}
"""Where each view of staff's is, what is clicked there, and what shows then."""


class NoBrowser(Exception):
    """There is nothing to take pictures with; the text says how to get it."""


def screenshots(folder: Path) -> list[Path]:
    """Picture every page of a shop opened for it; returns the files."""
    program = chromium()
    if program is None:
        raise NoBrowser(f"There is {HOW_TO_GET}.")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="souk-screenshots-") as state,
        sync_playwright() as play,
    ):
        shop = Shop(Path(state))
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            running = open_shop(shop, port=free_port(0), fresh=True, demo=True)
            return [
                shot
                for look, options in LOOKS.items()
                for shot in _visit(browser.new_context(**options).new_page(), running, folder, look)
            ]
        finally:
            browser.close()
            shop.stop()


def _visit(page: Page, running: Running, folder: Path, look: str) -> Iterator[Path]:
    """One customer's way through the shop, a picture at every page."""
    note(f"Taking pictures: {look}")
    page.set_default_timeout(PATIENCE)
    at = running.urls["storefront"].rstrip("/")

    def shoot(name: str, there: str) -> Path:
        page.wait_for_selector(there)
        page.wait_for_load_state("networkidle")
        file = folder / f"{name}-{look}.jpg"
        page.screenshot(path=file, type="jpeg", quality=82)
        return file

    page.goto(f"{at}/")
    yield shoot("home", ".card .open")
    page.goto(f"{at}/category?name=Ceramics")
    yield shoot("category", ".card .open")
    for sku in ("LAMP-FEZ-01", "TEA-POT-01"):
        page.goto(f"{at}/product?sku={sku}")
        page.click(".buy .button")
        page.wait_for_selector(".said a")
    yield shoot("product", ".said a")
    page.goto(f"{at}/basket")
    yield shoot("basket", ".line")
    page.goto(f"{at}/checkout")
    for field, value in CONTACT.items():
        page.fill(field, value)
    page.evaluate("document.activeElement.blur()")
    yield shoot("checkout", "#total")
    page.click(".review .button")
    yield shoot("order", "h1:has-text('Confirmed')")
    order = page.url
    page.goto(f"{at}/orders")
    yield shoot("orders", ".order-card")
    _deliver(page, running, order.split("id=")[1])
    page.goto(order)
    page.click("summary")
    page.fill(".return input >> nth=0", "1")
    page.fill("#return-why", "It is brighter than the room")
    page.locator(".return").scroll_into_view_if_needed()
    yield shoot("return", ".return .button")
    page.click(".return .button")
    page.wait_for_selector("li:has-text('Asked for')")
    page.goto(f"{at}/sign-in")
    yield shoot("sign-in", "#password")
    yield from _visit_as_staff(page, running, at, shoot)


def _deliver(page: Page, running: Running, order_id: str) -> None:
    """Staff send the order's parcel, and the carrier says that it has arrived."""
    at, staff = running.urls["api"], {"Authorization": f"Bearer {people.token(running, 'sam')}"}
    dispatch = f"{at}/staff/shipments/{order_id}/dispatch"
    sent = page.request.post(dispatch, headers=staff, data={}, fail_on_status_code=True)
    notice = {"tracking_number": sent.json()["tracking_number"], "event": "delivered"}
    body = json.dumps(notice).encode()
    secret = AwsBackstage(running.session(), STACK).notice_secret()
    page.request.post(
        f"{at}/carriers/{CARRIER}/notices",
        headers={"Carrier-Signature": signature(body, secret, int(time.time()))},
        data=body,
        fail_on_status_code=True,
    )
    order = f"{at}/staff/orders/{order_id}"
    for _ in range(PATIENCE // LOOK_AGAIN):
        if page.request.get(order, headers=staff).json()["status"] == "delivered":
            return
        page.wait_for_timeout(LOOK_AGAIN)


def _visit_as_staff(page: Page, running: Running, at: str, shoot: Any) -> Iterator[Path]:
    page.fill("#name", "sam")
    page.fill("#password", people.password(running, "sam"))
    page.click("form .button")
    page.wait_for_url(f"{at}/")
    page.goto(f"{at}/staff")
    yield shoot("staff", "table")
    for name, (view, opener, there) in STAFF_VIEWS.items():
        page.goto(f"{at}/staff?view={view}")
        if opener:
            page.click(opener)
        yield shoot(f"staff-{name}", there)
    page.goto(f"{at}/staff?view=import")
    page.set_input_files("#file", PRICE_LIST)
    yield shoot("staff-import", "form select")
    page.goto(f"{at}/map")
    page.click("#facts button:enabled")
    yield shoot("map", ".journey .walked + .walked")
