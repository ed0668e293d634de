"""The catalog as its clients see it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.catalog import handlers
from souk.catalog.domain import Status
from souk.edges import http
from tests.catalog.builders import a_product
from tests.catalog.fakes import FakePictures, FakeProducts, StoredProducts
from tests.kernel.builders import answer_to
from tests.kernel.tables import twin

call = partial(answer_to, http.api(handlers.ROUTES))
SAM = {"sub": "sam-1", "cognito:groups": "[staff]"}
ADA = {"sub": "ada-1"}
PRICE = {"amount": 1299, "currency": "GBP"}
WISH: dict[str, Any] = {
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


def test_a_new_product_is_answered_with_its_place_and_version() -> None:
    made = as_staff("POST", "/products", WISH)

    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    assert made.headers["Location"] == "/api/products/LAMP-1"
    assert made.body == WISH | {
        "image": None,
        "status": "listed",
        "version": 1,
        "listed_at": made.body["listed_at"],
    }
    assert call("GET", made.headers["Location"]).body == made.body


def test_a_sku_that_is_taken_is_a_conflict() -> None:
    refused = as_staff("POST", "/products", WISH | {"sku": "RUG-1"})

    assert (refused.status, refused.body["type"]) == (409, "/problems/sku-taken")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"sku": "LAMP 1"}, "/sku"),
        ({"sku": "LAMP-1\n"}, "/sku"),
        ({"price": {"amount": 0, "currency": "GBP"}}, "/price/amount"),
        ({"price": {"amount": 1299, "currency": "EUR"}}, "/price/currency"),
        ({"weight_grams": "900"}, "/weight_grams"),
    ],
)
def test_a_product_that_does_not_fit_is_refused_by_field(
    wrong: dict[str, Any], pointer: str, products: FakeProducts
) -> None:
    refused = as_staff("POST", "/products", WISH | wrong)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == pointer
    assert products.said == []


def test_a_change_made_upon_the_latest_version_is_answered_with_the_next() -> None:
    price = {"price": PRICE}
    changed = as_staff("PUT", "/products/RUG-1/price", price, if_match='"1"')

    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    assert changed.body["price"] == PRICE


PHOTO = {"type": "image/jpeg", "size": 1000}


def test_staff_are_told_where_to_send_a_picture_and_where_it_is_read() -> None:
    told = as_staff("POST", "/products/RUG-1/image", PHOTO)

    assert told.status == 200
    assert told.body == {
        "url": "https://pictures.example",
        "fields": {"key": "media/1"},
        "image": "/media/1",
    }


@pytest.mark.parametrize(
    ("wrong", "pointer"),
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
def test_a_picture_that_does_not_fit_is_refused_by_field(
    wrong: dict[str, Any], pointer: str
) -> None:
    refused = as_staff("POST", "/products/RUG-1/image", PHOTO | wrong)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == pointer


def test_a_picture_belongs_to_a_product_that_is_for_sale() -> None:
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
def test_a_change_must_say_which_version_was_read(method: str, path: str, body: Any) -> None:
    unsaid = as_staff(method, path, body)
    stale = as_staff(method, path, body, if_match='"7"')

    assert (unsaid.status, unsaid.body["type"]) == (428, "/problems/precondition-required")
    assert (stale.status, stale.body["type"]) == (412, "/problems/changed-meanwhile")
    assert stale.body["version"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/products", WISH), ("POST", "/products/RUG-1/image", PHOTO), *CHANGES],
)
def test_customers_change_no_product(
    method: str, path: str, body: Any, products: FakeProducts
) -> None:
    text = json.dumps(body)

    refused = call(method, f"/api/staff{path}", body=text, claims=ADA, if_match='"1"')

    assert refused.status == 403
    assert products.said == []


def test_a_delisted_product_is_still_read() -> None:
    as_staff("POST", "/products/RUG-1/delisting", if_match='"1"')

    read = call("GET", "/api/products/RUG-1")

    assert (read.status, read.body["status"]) == (200, Status.DELISTED.value)
    assert as_staff("POST", "/products/RUG-1/delisting", if_match='"2"').status == 409


def test_a_product_nobody_listed_is_not_found() -> None:
    assert call("GET", "/api/products/LAMP-1").status == 404


@pytest.mark.cloud
def test_a_list_is_followed_by_its_cursor(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["CatalogTable"]) as table:
        stored = StoredProducts(table)
        monkeypatch.setattr(handlers, "products", lambda: stored)
        for number in range(3):
            as_staff("POST", "/products", WISH | {"sku": f"LAMP-{number}"})

        first = call(path="/api/products", query={"category": "", "limit": "2"}).body
        rest = call(path="/api/products", query={"limit": "2", "cursor": first["next"]}).body
        categories = call(path="/api/categories").body

    skus = [product["sku"] for page in (first, rest) for product in page["items"]]
    assert sorted(skus) == ["LAMP-0", "LAMP-1", "LAMP-2"]
    assert rest["next"] is None
    assert "description" not in first["items"][0]
    assert categories == {"items": [{"name": "Lamps", "products": 3}]}
