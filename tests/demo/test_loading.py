"""The demo catalogue goes onto the stalls once, whoever asks and however often."""

import json

import httpx
import pytest

from cli.demo import DemoError, demo_products, demo_shipping, demo_stock, load_catalogue

SHOP = "http://shop.test"
LAST = "LAMP-FEZ-01"


class FakeShop(httpx.BaseTransport):
    """Keeps what staff lists; says no as the catalog does."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.stock: dict[str, int] = {}
        self.options: list[str] = []
        self.answers: dict[str, httpx.Response] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != "Bearer sam":
            return httpx.Response(403, json={"message": "Forbidden"})
        if request.url.path.endswith("/receipts"):
            return self._receive(request)
        if request.url.path == "/api/staff/shipping-options":
            return self._offer(json.loads(request.content)["option"])
        assert (request.method, request.url.path) == ("POST", "/api/staff/products")
        sku = json.loads(request.content)["sku"]
        return self.answers.get(sku) or self._list(sku)

    def _list(self, sku: str) -> httpx.Response:
        if sku in self.listed:
            return refused(409, "sku-taken", f"There is a product {sku} already.")
        self.listed.append(sku)
        return httpx.Response(201, headers={"Location": f"/api/products/{sku}"})

    def _offer(self, option: str) -> httpx.Response:
        if option in self.answers:
            return self.answers[option]
        if option in self.options:
            return refused(409, "option-taken", f"There is an option {option}.")
        self.options.append(option)
        return httpx.Response(201)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        """Once for the key, as inventory does: the same one for all, so by SKU."""
        assert request.headers["Idempotency-Key"]
        sku = request.url.path.split("/")[-2]
        self.stock.setdefault(sku, json.loads(request.content)["quantity"])
        return httpx.Response(201)


def refused(status: int, slug: str, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"/problems/{slug}", "detail": detail})


def loaded(shop: httpx.BaseTransport, by: str = "sam") -> tuple[int, list[str]]:
    said: list[str] = []
    return load_catalogue(SHOP, by, said.append, transport=shop), said


def test_a_new_shop_gets_every_demo_product_in_order() -> None:
    shop = FakeShop()

    newly_listed, said = loaded(shop)

    assert newly_listed == 24
    assert shop.listed == [product["sku"] for product in demo_products()]
    assert shop.listed[-1] == LAST
    assert shop.stock == demo_stock()
    assert shop.options == [option["option"] for option in demo_shipping()]
    assert said == ["Demo catalogue: 24 products listed, 0 were there already."]


def test_a_second_time_lists_nothing() -> None:
    shop = FakeShop()
    loaded(shop)

    newly_listed, said = loaded(shop)

    assert newly_listed == 0
    assert len(shop.listed) == 24
    assert len(shop.options) == len(demo_shipping())
    assert said == ["Demo catalogue: 0 products listed, 24 were there already."]


def test_what_an_interrupted_time_left_out_is_listed_later() -> None:
    shop = FakeShop()
    shop.answers[LAST] = refused(500, "internal", "Something broke.")
    with pytest.raises(DemoError):
        loaded(shop)
    shop.answers.clear()

    newly_listed, _ = loaded(shop)

    assert newly_listed == 1
    assert len(shop.listed) == 24


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(422, "invalid-body", "The name is too long."), "422 (The name is too long)."),
        (refused(409, "conflict", "Another time."), "409 (Another time)."),
        (httpx.Response(502, text="<html>"), "502 (no reason given)."),
        (httpx.Response(200, json=[]), "200 (no reason given)."),
        (httpx.Response(500, json=[]), "500 (no reason given)."),
    ],
)
def test_any_other_answer_ends_the_loading_with_one_sentence(
    answer: httpx.Response, words: str
) -> None:
    shop = FakeShop()
    shop.answers[LAST] = answer

    with pytest.raises(DemoError) as refusal:
        loaded(shop)

    assert str(refusal.value) == (
        f"The shop did not list the demo product {LAST}: it answered {words}"
    )


def test_who_is_not_staff_lists_nothing() -> None:
    shop = FakeShop()

    with pytest.raises(DemoError, match="403"):
        loaded(shop, by="ada")

    assert shop.listed == []


def test_a_shop_that_does_not_answer_is_named_as_such() -> None:
    def hang_up(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(DemoError, match="did not answer"):
        loaded(httpx.MockTransport(hang_up))


def test_a_shop_that_cannot_send_anything_is_not_opened() -> None:
    shop = FakeShop()
    shop.answers["standard"] = refused(500, "internal", "Something broke.")

    with pytest.raises(DemoError, match="did not offer standard shipping: 500"):
        loaded(shop)

    assert shop.listed == []
