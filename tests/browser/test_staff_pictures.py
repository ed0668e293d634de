"""Staff upload pictures of products, and customers see them."""

from __future__ import annotations

import secrets
import zlib
from struct import pack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shopper import fill_in_new_product
from tests.browser.test_every_page import find_accessibility_problems, fits_a_phone

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator

    from tests.journeys.visitor import Staff

UPLOAD_URL = "**/souk-*pictures*"  # the S3 bucket's; pages have other addresses


def png(width: int = 24) -> FilePayload:
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
def sku(staff_page: Page, staff: Staff) -> str:
    """A product whose form is open on the staff page."""
    sku = staff.list_product(stock=0)
    staff_page.reload()
    staff_page.get_by_role("button", name=f"Lamp {sku}").click()
    return sku


def choose_file(page: Page, file: FilePayload | None = None) -> None:
    page.get_by_label("Picture file").set_input_files(file or png())


def save_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Save")


def test_a_picture_is_previewed_then_saved_then_shown_to_customers(
    staff_page: Page, sku: str, staff: Staff
) -> None:
    choose_file(staff_page)
    expect(staff_page.locator(".picture-input img")).to_have_js_property("naturalWidth", 24)
    assert find_accessibility_problems(staff_page) == []
    assert fits_a_phone(staff_page)
    assert staff.http.get(f"/products/{sku}").json()["image"] is None

    save_button(staff_page).click()
    expect(staff_page.get_by_text("Done.")).to_be_visible()

    image = staff.http.get(f"/products/{sku}").json()["image"]
    assert image.startswith("/media/")
    staff_page.goto(f"/product?sku={sku}")
    picture = staff_page.locator(f".product img[src='{image}']")
    expect(picture).to_have_js_property("naturalWidth", 24)


def test_a_new_product_is_listed_with_its_picture(staff_page: Page, staff: Staff) -> None:
    sku = f"S-{secrets.token_hex(4)}"
    fill_in_new_product(staff_page, sku)
    choose_file(staff_page)

    save_button(staff_page).click()
    expect(staff_page.get_by_text("Done.")).to_be_visible()

    product = staff.http.get(f"/products/{sku}").json()
    assert product["image"].startswith("/media/")
    assert product["version"] == 2


@pytest.mark.parametrize(
    ("media_type", "content", "message"),
    [
        ("image/svg+xml", b"<svg/>", "file type is not supported"),
        ("image/png", bytes(5_000_001), "larger than 5 MB"),
    ],
)
def test_an_unsuitable_file_shows_an_error_and_is_not_saved(
    staff_page: Page, sku: str, staff: Staff, media_type: str, content: bytes, message: str
) -> None:
    choose_file(staff_page, {"name": "file", "mimeType": media_type, "buffer": content})
    expect(staff_page.get_by_text(message)).to_be_visible()

    save_button(staff_page).click()

    expect(staff_page.locator("#file:invalid")).to_be_focused()  # the browser did not submit
    assert staff.http.get(f"/products/{sku}").json()["version"] == 1


def test_an_upload_shows_its_progress_and_can_be_repeated_after_an_error(
    staff_page: Page, sku: str, staff: Staff
) -> None:
    uploads: list[Route] = []

    def hold(route: Route) -> None:
        uploads.append(route)

    staff_page.route(UPLOAD_URL, hold)
    choose_file(staff_page)
    with staff_page.expect_request(UPLOAD_URL):
        save_button(staff_page).click()
    expect(staff_page.get_by_role("progressbar", name="Uploading the picture")).to_be_visible()
    expect(save_button(staff_page)).to_be_disabled()
    uploads[0].abort()
    staff_page.unroute(UPLOAD_URL)
    expect(staff_page.get_by_role("alert")).to_contain_text("cannot be reached")
    assert staff.http.get(f"/products/{sku}").json()["version"] == 1

    save_button(staff_page).click()
    expect(staff_page.get_by_text("Done.")).to_be_visible()

    assert staff.http.get(f"/products/{sku}").json()["image"].startswith("/media/")


def test_a_picture_chosen_for_one_product_is_not_saved_with_another(
    staff_page: Page, sku: str, staff: Staff
) -> None:
    other_sku = staff.list_product(stock=0)
    staff_page.reload()
    staff_page.get_by_role("button", name=f"Lamp {sku}").click()
    choose_file(staff_page)
    staff_page.get_by_role("button", name=f"Lamp {other_sku}").click()
    expect(staff_page.get_by_role("heading", name=f"Edit Lamp {other_sku}")).to_be_visible()

    save_button(staff_page).click()
    expect(staff_page.get_by_text("Done.")).to_be_visible()

    assert staff.http.get(f"/products/{other_sku}").json()["image"] is None
