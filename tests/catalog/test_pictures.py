"""A picture on its way: signed for one file, sent to the bucket, read at the shop's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.journeys.visitor import Staff

if TYPE_CHECKING:
    from local.shop import Running

pytestmark = pytest.mark.cloud
FILE = b"\x89PNG\r\n\x1a\n of a lamp"


@pytest.fixture
def upload(shop: Running) -> dict[str, Any]:
    """What a member of staff was told about one file."""
    staff = Staff(shop)
    told = staff.http.post(
        f"/staff/products/{staff.list_product(stock=0)}/image",
        json={"type": "image/png", "size": len(FILE)},
    )
    assert told.status_code == 200, told.text
    answer: dict[str, Any] = told.json()
    return answer


def send(upload: dict[str, Any], file: bytes = FILE, forged: dict[str, str] | None = None) -> int:
    form = upload["fields"] | (forged or {})
    return httpx.post(upload["url"], data=form, files={"file": file}).status_code


def test_a_picture_that_was_sent_is_read_at_the_shop_s_address_for_ever(
    shop: Running, upload: dict[str, Any]
) -> None:
    sent = send(upload)

    read = httpx.get(f"{shop.urls['storefront']}{upload['image'][1:]}")
    assert (sent, read.status_code, read.content) == (204, 200, FILE)
    assert read.headers["content-type"] == "image/png"
    assert read.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert read.headers["x-content-type-options"] == "nosniff"


def test_only_the_file_that_was_spoken_of_is_taken(shop: Running, upload: dict[str, Any]) -> None:
    refused = [
        send(upload, FILE + b"!"),
        send(upload, FILE[:-1]),
        send(upload, forged={"Content-Type": "image/svg+xml"}),
        send(upload, forged={"Cache-Control": "no-store"}),
        send(upload, forged={"key": "media/another"}),
        send(upload, forged={"key": "elsewhere"}),
    ]

    read = httpx.get(f"{shop.urls['storefront']}{upload['image'][1:]}")
    assert refused == [400, 400, 403, 403, 403, 403]
    assert read.status_code == 404


def test_the_bucket_itself_shows_strangers_nothing(upload: dict[str, Any]) -> None:
    send(upload)

    assert httpx.get(f"{upload['url']}{upload['image']}").status_code == 403
    assert httpx.get(upload["url"]).status_code == 403
    assert (
        httpx.post(upload["url"], data={"key": "media/1"}, files={"file": FILE}).status_code == 403
    )


def test_browsers_may_send_pictures_from_the_shop_s_pages(
    shop: Running, upload: dict[str, Any]
) -> None:
    asks = {"Origin": shop.urls["storefront"], "Access-Control-Request-Method": "POST"}

    allowed = httpx.options(upload["url"], headers=asks)
    refused = httpx.options(upload["url"], headers=asks | {"Access-Control-Request-Method": "PUT"})

    assert (allowed.status_code, refused.status_code) == (200, 403)
    assert allowed.headers["access-control-allow-origin"] == "*"
