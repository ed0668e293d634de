"""What a member of staff does with pictures of products, and what becomes of them on the pages."""

from __future__ import annotations

import secrets
import zlib
from struct import pack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shopper import fill_in_a_new_product
from tests.browser.test_every_page import fits_a_phone, serious

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator

    from tests.journeys.visitor import Staff

UPLOAD = "**/souk-*pictures*"  # the bucket's address, which no page has


def a_picture(width: int = 24) -> FilePayload:
    """A grey square."""
    rows = (b"\0" + b"\x80" * width) * width
    parts = (
        (b"IHDR", pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (pack(">I", len(d)) + n + d + pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return {
        "name": "lamp.png",
        "mimeType": "image/png",
        "buffer": b"\x89PNG\r\n\x1a\n" + b"".join(chunks),
    }


@pytest.fixture
def sku(at_work: Page, staff: Staff) -> str:
    """A product whose form is open."""
    sku = staff.list_product(stock=0)
    at_work.reload()
    at_work.get_by_role("button", name=f"Lamp {sku}").click()
    return sku


def choose(page: Page, file: FilePayload | None = None) -> None:
    page.get_by_label("Picture from this device").set_input_files(file or a_picture())


def save(page: Page) -> Locator:
    return page.get_by_role("button", name="Save")


def test_a_picture_is_looked_at_then_saved_then_seen_by_everybody(
    at_work: Page, sku: str, staff: Staff
) -> None:
    page = at_work
    choose(page)
    expect(page.locator(".choose img")).to_have_js_property("naturalWidth", 24)
    assert serious(page) == []
    assert fits_a_phone(page)
    assert staff.http.get(f"/products/{sku}").json()["image"] is None

    save(page).click()
    expect(page.get_by_text("Done.")).to_be_visible()

    image = staff.http.get(f"/products/{sku}").json()["image"]
    assert image.startswith("/media/")
    page.goto(f"/product?sku={sku}")
    shown = page.locator(f".product img[src='{image}']")
    expect(shown).to_have_js_property("naturalWidth", 24)


def test_a_new_product_is_listed_with_its_picture(at_work: Page, staff: Staff) -> None:
    page, sku = at_work, f"S-{secrets.token_hex(4)}"
    fill_in_a_new_product(page, sku)
    choose(page)

    save(page).click()
    expect(page.get_by_text("Done.")).to_be_visible()

    listed = staff.http.get(f"/products/{sku}").json()
    assert listed["image"].startswith("/media/")
    assert listed["version"] == 2


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("image/svg+xml", b"<svg/>", "no picture the shop can show"),
        ("image/png", bytes(5_000_001), "larger than 5 MB"),
    ],
)
def test_a_file_that_will_not_do_is_told_at_once_and_not_saved(
    at_work: Page, sku: str, staff: Staff, kind: str, content: bytes, told: str
) -> None:
    page = at_work
    choose(page, {"name": "file", "mimeType": kind, "buffer": content})
    expect(page.get_by_text(told)).to_be_visible()

    save(page).click()

    expect(page.locator("#file:invalid")).to_be_focused()  # so the browser sent nothing
    assert staff.http.get(f"/products/{sku}").json()["version"] == 1


def test_a_picture_on_its_way_is_shown_and_one_that_is_lost_is_told_and_sent_again(
    at_work: Page, sku: str, staff: Staff
) -> None:
    page = at_work
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(UPLOAD, hold)
    choose(page)
    with page.expect_request(UPLOAD):
        save(page).click()
    expect(page.get_by_role("progressbar", name="The picture is on its way")).to_be_visible()
    expect(save(page)).to_be_disabled()
    held[0].abort()
    page.unroute(UPLOAD)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    assert staff.http.get(f"/products/{sku}").json()["version"] == 1

    save(page).click()
    expect(page.get_by_text("Done.")).to_be_visible()

    assert staff.http.get(f"/products/{sku}").json()["image"].startswith("/media/")


def test_a_picture_chosen_for_one_product_is_not_sent_with_another(
    at_work: Page, sku: str, staff: Staff
) -> None:
    page, other = at_work, staff.list_product(stock=0)
    page.reload()
    page.get_by_role("button", name=f"Lamp {sku}").click()
    choose(page)
    page.get_by_role("button", name=f"Lamp {other}").click()
    expect(page.get_by_role("heading", name=f"Change Lamp {other}")).to_be_visible()

    save(page).click()
    expect(page.get_by_text("Done.")).to_be_visible()

    assert staff.http.get(f"/products/{other}").json()["image"] is None
