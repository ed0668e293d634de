"""A catalog that staff import into: keeps products as the real one does, and can fail."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.importing import Summary, bring_in, plan

Accident = Callable[[httpx.Request], httpx.Response | None]
DETAILS = ("name", "category", "description", "weight_grams", "image")


@dataclass
class FakeCatalog:
    """`before` may answer in the shop's place, or raise."""

    before: Accident = lambda request: None
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    currency: str = "GBP"
    token: str = "sam"
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)  # lets the other lines in
        self.at_once -= 1
        return self.before(request) or self._route(request)

    def _route(self, request: httpx.Request) -> httpx.Response:
        match request.method, *request.url.path.strip("/").split("/"):
            case "GET", "api", "guest", "basket":
                nothing = {"amount": 0, "currency": self.currency}
                return httpx.Response(200, json={"subtotal": nothing, "shipping_options": []})
            case "GET", "api", "products", sku:
                return self._seen(sku)
            case "POST", "api", "staff", "stock", sku, "receipts":
                return self._receive(request.headers["Idempotency-Key"], sku, request.content)
            case method, "api", "staff", "products", *which:
                if request.headers["Authorization"] != f"Bearer {self.token}":
                    return httpx.Response(401, json={"message": "Unauthorized"})
                body = json.loads(request.content)
                return self._list(body) if method == "POST" else self._put(request, which, body)
        return problem(404, "not-found", "no such route")

    def _receive(self, key: str, sku: str, content: bytes) -> httpx.Response:
        body = json.loads(content)
        if body["quantity"] > 1_000_000:
            return too_many("/quantity")
        if self.receipts.setdefault(key, {"sku": sku, **body}) != {"sku": sku, **body}:
            return problem(422, "idempotency-key-reused", "another receipt has this key")
        return httpx.Response(201, json=body)

    def _list(self, body: dict[str, Any]) -> httpx.Response:
        if body["sku"] in self.products:
            return problem(409, "sku-taken", f"the SKU {body['sku']} is taken")
        if len(body["name"]) > 200:
            return too_long("/name")
        self.products[body["sku"]] = {**body, "status": "listed", "version": 1}
        return self._seen(body["sku"], 201)

    def _put(
        self, request: httpx.Request, which: list[str], body: dict[str, Any]
    ) -> httpx.Response:
        product = self.products[which[0]]
        if request.headers["If-Match"] != f'"{product["version"]}"':
            return problem(412, "changed-meanwhile", "read it again")
        assert set(body) == ({"price"} if which[1:] == ["price"] else set(DETAILS))
        self.products[which[0]] = {**product, **body, "version": product["version"] + 1}
        return self._seen(which[0])

    def _seen(self, sku: str, status: int = 200) -> httpx.Response:
        if sku not in self.products:
            return problem(404, "not-found", f"there is no product {sku}")
        product = self.products[sku]
        return httpx.Response(status, json=product, headers={"ETag": f'"{product["version"]}"'})

    @property
    def changes(self) -> int:
        """How often a product was changed after it was listed."""
        return sum(product["version"] - 1 for product in self.products.values())


def problem(status: int, slug: str, detail: str, **members: Any) -> httpx.Response:
    return httpx.Response(status, json={"type": f"/problems/{slug}", "detail": detail, **members})


def too_long(pointer: str) -> httpx.Response:
    return _invalid(pointer, "Expected `str` of length <= 200")


def too_many(pointer: str) -> httpx.Response:
    return _invalid(pointer, "Expected `int` <= 1000000")


def _invalid(pointer: str, detail: str) -> httpx.Response:
    fault = {"pointer": pointer, "detail": detail}
    return problem(422, "invalid-body", fault["detail"], errors=[fault])


def imported(
    file: Path,
    shop: FakeCatalog,
    *told: str,
    token: Callable[[], str] = lambda: "sam",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Summary, list[dict[str, Any]]]:
    """What an import of the file says, and what its report does."""
    report = file.with_suffix(".errors.jsonl")
    summary = bring_in(
        plan(file, told),
        base_url="http://shop.test",
        staff_token=token,
        report=report,
        progress=progress,
        transport=httpx.MockTransport(shop.handle),
    )
    assert report.exists() == bool(summary.failed)
    lines = report.read_text().splitlines() if report.exists() else []
    return summary, sorted(map(json.loads, lines), key=lambda entry: entry["line"])
