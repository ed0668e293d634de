"""The demo data is loaded into a shop once, however often it is loaded."""

import json

import httpx
import pytest

from cli.demo import DemoError, demo_products, demo_shipping_options, demo_stock, load_demo_data

SHOP = "http://shop.test"
LAST_SKU = "LAMP-FEZ-01"


class FakeShop(httpx.BaseTransport):
    """The staff API in memory. `responses` replaces the response for a SKU or shipping option."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.stock: dict[str, int] = {}
        self.options: list[str] = []
        self.responses: dict[str, httpx.Response] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != "Bearer sam":
            return httpx.Response(403, json={"message": "Forbidden"})
        if request.url.path.endswith("/receipts"):
            return self._receive_stock(request)
        if request.url.path == "/api/staff/shipping-options":
            return self._create_option(json.loads(request.content)["id"])
        assert (request.method, request.url.path) == ("POST", "/api/staff/products")
        sku = json.loads(request.content)["sku"]
        return self.responses.get(sku) or self._create_product(sku)

    def _create_product(self, sku: str) -> httpx.Response:
        if sku in self.listed:
            return problem(409, "sku-exists", f"There is already a product {sku}.")
        self.listed.append(sku)
        return httpx.Response(201, headers={"Location": f"/api/products/{sku}"})

    def _create_option(self, option_id: str) -> httpx.Response:
        if option_id in self.responses:
            return self.responses[option_id]
        if option_id in self.options:
            return problem(
                409, "shipping-option-exists", f"There is already a shipping option {option_id}."
            )
        self.options.append(option_id)
        return httpx.Response(201)

    def _receive_stock(self, request: httpx.Request) -> httpx.Response:
        """A repeated receipt changes nothing. All have one key, so only the SKU is compared."""
        assert request.headers["Idempotency-Key"]
        sku = request.url.path.split("/")[-2]
        self.stock.setdefault(sku, json.loads(request.content)["quantity"])
        return httpx.Response(201)


def problem(status: int, slug: str, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"/problems/{slug}", "detail": detail})


def load(shop: httpx.BaseTransport, token: str = "sam") -> tuple[int, list[str]]:
    """Returns the number of newly listed products and the messages printed."""
    messages: list[str] = []
    return load_demo_data(SHOP, token, messages.append, transport=shop), messages


def test_a_new_shop_gets_every_demo_product_in_order() -> None:
    shop = FakeShop()

    newly_listed, messages = load(shop)

    assert newly_listed == 24
    assert shop.listed == [product["sku"] for product in demo_products()]
    assert shop.listed[-1] == LAST_SKU
    assert shop.stock == demo_stock()
    assert shop.options == [option["id"] for option in demo_shipping_options()]
    assert messages == ["Demo catalogue: 24 products listed, 0 existed already."]


def test_loading_a_second_time_lists_nothing() -> None:
    shop = FakeShop()
    load(shop)

    newly_listed, messages = load(shop)

    assert newly_listed == 0
    assert len(shop.listed) == 24
    assert len(shop.options) == len(demo_shipping_options())
    assert messages == ["Demo catalogue: 0 products listed, 24 existed already."]


def test_loading_again_after_an_error_lists_the_remaining_products() -> None:
    shop = FakeShop()
    shop.responses[LAST_SKU] = problem(500, "internal-error", "Something broke.")
    with pytest.raises(DemoError):
        load(shop)
    shop.responses.clear()

    newly_listed, _ = load(shop)

    assert newly_listed == 1
    assert len(shop.listed) == 24


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (problem(422, "invalid-request", "The name is too long."), "422 (The name is too long)."),
        (problem(409, "conflict", "Try again later."), "409 (Try again later)."),
        (httpx.Response(502, text="<html>"), "502 (no reason given)."),
        (httpx.Response(200, json=[]), "200 (no reason given)."),
        (httpx.Response(500, json=[]), "500 (no reason given)."),
    ],
)
def test_any_other_response_ends_the_loading_with_one_sentence(
    response: httpx.Response, reason: str
) -> None:
    shop = FakeShop()
    shop.responses[LAST_SKU] = response

    with pytest.raises(DemoError) as error:
        load(shop)

    assert str(error.value) == (
        f"The shop did not list the demo product {LAST_SKU}: it responded {reason}"
    )


def test_only_staff_can_load_the_demo_data() -> None:
    shop = FakeShop()

    with pytest.raises(DemoError, match="403"):
        load(shop, token="ada")

    assert shop.listed == []


def test_a_shop_that_does_not_respond_is_reported() -> None:
    def refuse_connection(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(DemoError, match="did not respond"):
        load(httpx.MockTransport(refuse_connection))


def test_no_products_are_listed_without_shipping_options() -> None:
    shop = FakeShop()
    shop.responses["standard"] = problem(500, "internal-error", "Something broke.")

    with pytest.raises(DemoError, match="did not create shipping option standard: 500"):
        load(shop)

    assert shop.listed == []
