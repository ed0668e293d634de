"""A picture is uploaded to the bucket with a form for one file, and read at the shop's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.journeys.visitor import Staff

if TYPE_CHECKING:
    from local.shop import RunningShop

pytestmark = pytest.mark.cloud
FILE = b"\x89PNG\r\n\x1a\n of a lamp"


@pytest.fixture
def upload(shop: RunningShop) -> dict[str, Any]:
    """An upload form for one file, as staff get it."""
    staff = Staff(shop)
    response = staff.http.post(
        f"/staff/products/{staff.list_product(stock=0)}/image",
        json={"type": "image/png", "size": len(FILE)},
    )
    assert response.status_code == 200, response.text
    form: dict[str, Any] = response.json()
    return form


def post_file(
    upload: dict[str, Any], file: bytes = FILE, changed_fields: dict[str, str] | None = None
) -> int:
    form = upload["fields"] | (changed_fields or {})
    return httpx.post(upload["url"], data=form, files={"file": file}).status_code


def test_an_uploaded_picture_is_served_at_the_shops_address_and_cached_forever(
    shop: RunningShop, upload: dict[str, Any]
) -> None:
    status = post_file(upload)

    picture = httpx.get(f"{shop.urls['storefront']}{upload['image'][1:]}")
    assert (status, picture.status_code, picture.content) == (204, 200, FILE)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert picture.headers["x-content-type-options"] == "nosniff"


def test_only_the_requested_file_can_be_uploaded(shop: RunningShop, upload: dict[str, Any]) -> None:
    statuses = [
        post_file(upload, FILE + b"!"),
        post_file(upload, FILE[:-1]),
        post_file(upload, changed_fields={"Content-Type": "image/svg+xml"}),
        post_file(upload, changed_fields={"Cache-Control": "no-store"}),
        post_file(upload, changed_fields={"key": "media/another"}),
        post_file(upload, changed_fields={"key": "elsewhere"}),
    ]

    picture = httpx.get(f"{shop.urls['storefront']}{upload['image'][1:]}")
    assert statuses == [400, 400, 403, 403, 403, 403]
    assert picture.status_code == 404


def test_the_bucket_allows_no_public_access(upload: dict[str, Any]) -> None:
    post_file(upload)

    assert httpx.get(f"{upload['url']}{upload['image']}").status_code == 403
    assert httpx.get(upload["url"]).status_code == 403
    assert (
        httpx.post(upload["url"], data={"key": "media/1"}, files={"file": FILE}).status_code == 403
    )


def test_browsers_can_upload_from_the_shops_pages_but_not_put(
    shop: RunningShop, upload: dict[str, Any]
) -> None:
    preflight = {"Origin": shop.urls["storefront"], "Access-Control-Request-Method": "POST"}

    allowed = httpx.options(upload["url"], headers=preflight)
    refused = httpx.options(
        upload["url"], headers=preflight | {"Access-Control-Request-Method": "PUT"}
    )

    assert (allowed.status_code, refused.status_code) == (200, 403)
    assert allowed.headers["access-control-allow-origin"] == "*"
