"""The catalog's API, called by staff, customers and strangers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.catalog import handlers
from souk.catalog.domain import ProductStatus
from souk.runtime import http
from tests.catalog.builders import a_product
from tests.catalog.fakes import FakePictures, FakeProducts, StoredProducts
from tests.kernel.builders import send_request
from tests.kernel.tables import temporary_table

call = partial(send_request, http.api_handler(handlers.ROUTES))
SAM = {"sub": "sam-1", "cognito:groups": "[staff]"}
ADA = {"sub": "ada-1"}
PRICE = {"amount": 1299, "currency": "GBP"}
NEW_PRODUCT: dict[str, Any] = {
    "sku": "LAMP-1",
    "name": "Brass lamp",
    "category": "Lamps",
    "description": "Burns long.",
    "price": PRICE,
    "weight_grams": 900,
}


@pytest.fixture(autouse=True)
def products(monkeypatch: pytest.MonkeyPatch) -> FakeProducts:
    fake = FakeProducts(a_product("RUG-1", price=5000))
    settings = handlers.CatalogSettings(table_name="table", bucket_name="b", currency="GBP")
    monkeypatch.setattr(handlers, "products", lambda: fake)
    monkeypatch.setattr(handlers, "pictures", FakePictures)
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    return fake


def as_staff(method: str, path: str, body: Any = None, **headers: str) -> Any:
    text = None if body is None else json.dumps(body)
    return call(method, f"/api/staff{path}", body=text, claims=SAM, **headers)


def test_a_new_product_is_returned_with_its_location_and_version() -> None:
    created = as_staff("POST", "/products", NEW_PRODUCT)

    assert (created.status, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == "/api/products/LAMP-1"
    assert created.body == NEW_PRODUCT | {
        "image": None,
        "status": "listed",
        "version": 1,
        "listed_at": created.body["listed_at"],
    }
    assert call("GET", created.headers["Location"]).body == created.body


def test_a_sku_that_already_exists_is_a_conflict() -> None:
    refused = as_staff("POST", "/products", NEW_PRODUCT | {"sku": "RUG-1"})

    assert (refused.status, refused.body["type"]) == (409, "/problems/sku-exists")


@pytest.mark.parametrize(
    ("invalid", "pointer"),
    [
        ({"sku": "LAMP 1"}, "/sku"),
        ({"sku": "LAMP-1\n"}, "/sku"),
        ({"price": {"amount": 0, "currency": "GBP"}}, "/price/amount"),
        ({"price": {"amount": 1299, "currency": "EUR"}}, "/price/currency"),
        ({"weight_grams": "900"}, "/weight_grams"),
    ],
)
def test_an_invalid_product_names_the_invalid_field(
    invalid: dict[str, Any], pointer: str, products: FakeProducts
) -> None:
    refused = as_staff("POST", "/products", NEW_PRODUCT | invalid)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == pointer
    assert products.published == []


def test_a_change_of_the_current_version_returns_the_next_version() -> None:
    price = {"price": PRICE}
    changed = as_staff("PUT", "/products/RUG-1/price", price, if_match='"1"')

    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    assert changed.body["price"] == PRICE


PHOTO = {"type": "image/jpeg", "size": 1000}


def test_staff_get_an_upload_form_for_a_picture_and_its_future_path() -> None:
    upload = as_staff("POST", "/products/RUG-1/image", PHOTO)

    assert upload.status == 200
    assert upload.body == {
        "url": "https://pictures.example",
        "fields": {"key": "media/1"},
        "image": "/media/1",
    }


@pytest.mark.parametrize(
    ("invalid", "pointer"),
    [
        ({"type": "image/svg+xml"}, "/type"),
        ({"type": "text/html"}, "/type"),
        ({"type": None}, "/type"),
        ({"size": 0}, "/size"),
        ({"size": 5_000_001}, "/size"),
        ({"size": "1000"}, "/size"),
        ({"name": "rug.jpg"}, ""),
    ],
)
def test_an_invalid_picture_names_the_invalid_field(invalid: dict[str, Any], pointer: str) -> None:
    refused = as_staff("POST", "/products/RUG-1/image", PHOTO | invalid)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == pointer


def test_a_picture_can_be_uploaded_for_a_listed_product_only() -> None:
    unknown = as_staff("POST", "/products/LAMP-1/image", PHOTO)
    as_staff("POST", "/products/RUG-1/delisting", if_match='"1"')
    delisted = as_staff("POST", "/products/RUG-1/image", PHOTO)

    assert (unknown.status, unknown.body["type"]) == (404, "/problems/not-found")
    assert (delisted.status, delisted.body["type"]) == (409, "/problems/product-delisted")


CHANGES: list[tuple[str, str, Any]] = [
    ("PUT", "/products/RUG-1/price", {"price": PRICE}),
    ("PUT", "/products/RUG-1", {"name": "Rug", "category": "Rugs", "weight_grams": 1}),
    ("POST", "/products/RUG-1/delisting", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_must_name_the_current_version(method: str, path: str, body: Any) -> None:
    without_version = as_staff(method, path, body)
    stale = as_staff(method, path, body, if_match='"7"')

    assert (without_version.status, without_version.body["type"]) == (
        428,
        "/problems/precondition-required",
    )
    assert (stale.status, stale.body["type"]) == (412, "/problems/precondition-failed")
    assert stale.body["version"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/products", NEW_PRODUCT), ("POST", "/products/RUG-1/image", PHOTO), *CHANGES],
)
def test_customers_cannot_change_products(
    method: str, path: str, body: Any, products: FakeProducts
) -> None:
    text = json.dumps(body)

    refused = call(method, f"/api/staff{path}", body=text, claims=ADA, if_match='"1"')

    assert refused.status == 403
    assert products.published == []


def test_a_delisted_product_can_still_be_read() -> None:
    as_staff("POST", "/products/RUG-1/delisting", if_match='"1"')

    product = call("GET", "/api/products/RUG-1")

    assert (product.status, product.body["status"]) == (200, ProductStatus.DELISTED.value)
    assert as_staff("POST", "/products/RUG-1/delisting", if_match='"2"').status == 409


def test_an_unknown_product_is_not_found() -> None:
    assert call("GET", "/api/products/LAMP-1").status == 404


@pytest.mark.cloud
def test_a_list_continues_at_its_cursor(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["CatalogTable"]) as table:
        stored = StoredProducts(table)
        monkeypatch.setattr(handlers, "products", lambda: stored)
        for number in range(3):
            as_staff("POST", "/products", NEW_PRODUCT | {"sku": f"LAMP-{number}"})

        first = call(path="/api/products", query={"category": "", "limit": "2"}).body
        rest = call(path="/api/products", query={"limit": "2", "cursor": first["next"]}).body
        categories = call(path="/api/categories").body

    skus = [product["sku"] for page in (first, rest) for product in page["items"]]
    assert sorted(skus) == ["LAMP-0", "LAMP-1", "LAMP-2"]
    assert rest["next"] is None
    assert "description" not in first["items"][0]
    assert categories == {"items": [{"name": "Lamps", "products": 3}]}
