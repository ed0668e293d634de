"""A fake of the catalog and stock API that keeps products in memory and can fail on request."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.importing import Summary, import_products, plan_import

Intercept = Callable[[httpx.Request], httpx.Response | None]
DETAIL_FIELDS = ("name", "category", "description", "weight_grams", "image")
MAX_QUANTITY = 1_000_000
MAX_NAME_LENGTH = 200


@dataclass
class FakeCatalog:
    """`intercept` may return a response instead of the fake's, or raise."""

    intercept: Intercept = lambda request: None
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    currency: str = "GBP"
    token: str = "sam"
    concurrent_requests: int = 0
    max_concurrent_requests: int = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        self.concurrent_requests += 1
        self.max_concurrent_requests = max(self.max_concurrent_requests, self.concurrent_requests)
        await asyncio.sleep(0)  # lets other requests start
        self.concurrent_requests -= 1
        return self.intercept(request) or self._route(request)

    def _route(self, request: httpx.Request) -> httpx.Response:
        match request.method, *request.url.path.strip("/").split("/"):
            case "GET", "api", "guest", "basket":
                subtotal = {"amount": 0, "currency": self.currency}
                return httpx.Response(200, json={"subtotal": subtotal, "shipping_options": []})
            case "GET", "api", "products", sku:
                return self._product_response(sku)
            case "POST", "api", "staff", "stock", sku, "receipts":
                return self._receive(request.headers["Idempotency-Key"], sku, request.content)
            case method, "api", "staff", "products", *subpath:
                if request.headers["Authorization"] != f"Bearer {self.token}":
                    return httpx.Response(401, json={"message": "Unauthorized"})
                body = json.loads(request.content)
                return self._list(body) if method == "POST" else self._put(request, subpath, body)
        return problem(404, "not-found", "There is no such route.")

    def _receive(self, key: str, sku: str, content: bytes) -> httpx.Response:
        body = json.loads(content)
        if body["quantity"] > MAX_QUANTITY:
            return quantity_too_large("/quantity")
        if self.receipts.setdefault(key, {"sku": sku, **body}) != {"sku": sku, **body}:
            return problem(422, "idempotency-key-reused", "The key was used before.")
        return httpx.Response(201, json=body)

    def _list(self, body: dict[str, Any]) -> httpx.Response:
        if body["sku"] in self.products:
            return problem(409, "sku-exists", f"The SKU {body['sku']} exists.")
        if len(body["name"]) > MAX_NAME_LENGTH:
            return text_too_long("/name")
        self.products[body["sku"]] = {**body, "status": "listed", "version": 1}
        return self._product_response(body["sku"], 201)

    def _put(
        self, request: httpx.Request, subpath: list[str], body: dict[str, Any]
    ) -> httpx.Response:
        sku = subpath[0]
        product = self.products[sku]
        if request.headers["If-Match"] != f'"{product["version"]}"':
            return problem(412, "precondition-failed", "Read the product again.")
        assert set(body) == ({"price"} if subpath[1:] == ["price"] else set(DETAIL_FIELDS))
        self.products[sku] = {**product, **body, "version": product["version"] + 1}
        return self._product_response(sku)

    def _product_response(self, sku: str, status: int = 200) -> httpx.Response:
        if sku not in self.products:
            return problem(404, "not-found", f"There is no product {sku}.")
        product = self.products[sku]
        return httpx.Response(status, json=product, headers={"ETag": f'"{product["version"]}"'})

    @property
    def update_count(self) -> int:
        """How often products were updated after they were listed."""
        return sum(product["version"] - 1 for product in self.products.values())


def problem(status: int, slug: str, detail: str, **members: Any) -> httpx.Response:
    return httpx.Response(status, json={"type": f"/problems/{slug}", "detail": detail, **members})


def text_too_long(pointer: str) -> httpx.Response:
    return _invalid_request(pointer, "Expected `str` of length <= 200")


def quantity_too_large(pointer: str) -> httpx.Response:
    return _invalid_request(pointer, "Expected `int` <= 1000000")


def _invalid_request(pointer: str, detail: str) -> httpx.Response:
    errors = [{"pointer": pointer, "detail": detail}]
    return problem(422, "invalid-request", detail, errors=errors)


def run_import(
    file: Path,
    shop: FakeCatalog,
    *mappings: str,
    token: Callable[[], str] = lambda: "sam",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Summary, list[dict[str, Any]]]:
    """Import the file; return the summary, and the entries of the report sorted by line."""
    report = file.with_suffix(".errors.jsonl")
    summary = import_products(
        plan_import(file, mappings),
        base_url="http://shop.test",
        staff_token=token,
        report=report,
        progress=progress,
        transport=httpx.MockTransport(shop.handle),
    )
    assert report.exists() == bool(summary.failed)
    lines = report.read_text().splitlines() if report.exists() else []
    return summary, sorted(map(json.loads, lines), key=lambda entry: entry["line"])
