"""A stand-in of the shop's API in memory, kind enough to fail on request."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.replay.backstage import Figures
from tests.replay.afterwards import NOTICE_SECRET, SHIPPING, Afterwards
from tests.replay.answers import pounds, problem

PAGE = 2  # small, so that a visitor with doubled orders has a second page

Orders = list[dict[str, Any]]
Accident = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class FakeShop:
    """Keeps products, baskets and orders. `before` may answer in the shop's place or raise;
    `after` may raise once the shop has done what it was asked."""

    before: Accident = lambda request: None
    after: Accident = lambda request: None
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    baskets: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    orders: defaultdict[str, Orders] = field(default_factory=lambda: defaultdict(list))
    options: list[str] = field(default_factory=lambda: ["standard"])
    stock: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: dict[str, tuple[str, int]] = field(default_factory=dict)
    settles: bool = True
    checkouts: dict[tuple[str, str], tuple[bytes, httpx.Response]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    token: str = "sam"
    copies: int = 1
    overcharge: int = 0
    parked: frozenset[str] = frozenset()
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._after = Afterwards(self.stock, self.receipts, self.parked)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)  # lets the other customers in
        self.at_once -= 1
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        early = self.before(request)
        if early:
            return early
        answer = self._route(request)
        return self.after(request) or answer

    def _route(self, request: httpx.Request) -> httpx.Response:  # noqa: C901  a line a route
        visitor = request.headers.get("Guest-Token", "")
        match request.method, *request.url.path.strip("/").split("/"):
            case "POST", "api", "staff", *path:
                return self._by_staff(path, request)
            case "GET", "api", "shipping-options":
                return httpx.Response(200, json={"items": [{"option": it} for it in self.options]})
            case "GET", "api", "products", sku:
                return self._product(sku)
            case "PUT", "api", "guest", "basket", "items", sku:
                return self._put(visitor, sku, json.loads(request.content)["quantity"])
            case "GET", "api", "guest", "basket":
                return self._basket(visitor)
            case "POST", "api", "guest", "basket", "checkout":
                return self._check_out(visitor, request)
            case "POST", "api", "guest", "orders", order_id, "cancellation":
                return self._after.cancel(self._of(visitor, order_id))
            case "POST", "api", "guest", "orders", order_id, "returns":
                return self._after.ask_return(self._of(visitor, order_id), request)
            case "GET", "api", "guest", "orders", order_id, "returns":
                return self._after.list_returns(order_id)
            case "POST", "api", "carriers", _, "notices":
                return self._after.take_notice(request)
            case "GET", "api", "guest", "orders":
                return self._orders(visitor, int(request.url.params.get("cursor", "0")))
            case "GET", "api", "guest", "orders", order_id:
                return self._order(visitor, order_id)
        return problem(404, "not-found")

    def _by_staff(self, path: list[str], request: httpx.Request) -> httpx.Response:
        match path:
            case ["products"]:
                return self._list_product(request)
            case ["shipping-options"]:
                self.options.append(json.loads(request.content)["option"])
                return httpx.Response(201)
            case ["stock", sku, "receipts"]:
                return self._receive(sku, request)
            case ["shipments", order_id, "dispatch"]:
                return self._after.dispatch(self._of(None, order_id))
            case ["returns", return_id, "acceptance"]:
                return self._after.accept(return_id)
        return problem(404, "not-found")

    def _list_product(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {self.token}":
            return httpx.Response(401, json={"message": "Unauthorized"})
        product = json.loads(request.content)
        if product["sku"] in self.products:
            return problem(409, "sku-taken")
        self.products[product["sku"]] = product
        return httpx.Response(201, json=product)

    def _receive(self, sku: str, request: httpx.Request) -> httpx.Response:
        key, quantity = request.headers["Idempotency-Key"], json.loads(request.content)["quantity"]
        if key not in self.receipts:
            self.receipts[key] = sku, quantity
            self.stock[sku] += quantity
        same = self.receipts[key] == (sku, quantity)
        return httpx.Response(201) if same else problem(422, "idempotency-key-reused")

    def _product(self, sku: str) -> httpx.Response:
        product = self.products.get(sku)
        return httpx.Response(200, json=product) if product else problem(404, "product-not-found")

    def _put(self, visitor: str, sku: str, quantity: int) -> httpx.Response:
        if sku not in self.products:
            return problem(409, "product-unknown", wait="0")
        self.baskets[visitor][sku] = quantity
        return httpx.Response(200, json={"sku": sku, "quantity": quantity})

    def _subtotal(self, visitor: str) -> int:
        subtotal = self.overcharge
        for sku, quantity in self.baskets[visitor].items():
            subtotal += self.products[sku]["price"]["amount"] * quantity
        return subtotal

    def _basket(self, visitor: str) -> httpx.Response:
        options = [{"id": each, "price": pounds(SHIPPING)} for each in self.options]
        subtotal = pounds(self._subtotal(visitor))
        return httpx.Response(200, json={"subtotal": subtotal, "shipping_options": options})

    def _check_out(self, visitor: str, request: httpx.Request) -> httpx.Response:
        key = visitor, request.headers["Idempotency-Key"]
        if key in self.checkouts:
            body, answer = self.checkouts[key]
            same = body == request.content
            return answer if same else problem(422, "idempotency-key-reused")
        total = self._subtotal(visitor) + SHIPPING
        if json.loads(request.content)["expected_total"] != pounds(total):
            return problem(409, "total-changed")
        answer = self._place(visitor, json.loads(request.content)["payment_token"])
        self.checkouts[key] = request.content, answer
        return answer

    def _place(self, visitor: str, token: str) -> httpx.Response:
        order_id = f"o-{len(self.checkouts)}"
        order = {
            "order_id": order_id,
            "lines": dict(self.baskets[visitor]),
            **self._settled(visitor, token),
            "line_count": len(self.baskets[visitor]),
            "subtotal": pounds(self._subtotal(visitor)),
            "total": pounds(self._subtotal(visitor) + SHIPPING),
        }
        copies = [order | {"order_id": order_id + "'" * copy} for copy in range(self.copies)]
        self.orders[visitor] += copies
        self.baskets[visitor] = {}
        location = {"Location": f"/api/guest/orders/{order_id}"}
        return httpx.Response(202, headers=location, json={"order_id": order_id})

    def _settled(self, visitor: str, token: str) -> dict[str, Any]:
        wanted = self.baskets[visitor]
        if not self.settles:
            return {"status": "placed"}
        if any(self.stock[sku] < quantity for sku, quantity in wanted.items()):
            return {"status": "rejected", "rejection": {"reason": "out-of-stock"}}
        if token in ("tok_declined", "tok_insufficient_funds"):
            return {"status": "rejected", "rejection": {"reason": "payment-declined"}}
        for sku, quantity in wanted.items():
            self.stock[sku] -= quantity
        return {"status": "confirmed"}

    def _orders(self, visitor: str, start: int) -> httpx.Response:
        found = self.orders[visitor]
        more = str(start + PAGE) if len(found) > start + PAGE else None
        return httpx.Response(200, json={"items": found[start : start + PAGE], "next": more})

    def _order(self, visitor: str, order_id: str) -> httpx.Response:
        found = self._of(visitor, order_id)
        return httpx.Response(200, json=found) if found else problem(404, "order-not-found")

    def _of(self, visitor: str | None, order_id: str) -> dict[str, Any] | None:
        orders = self.all_orders if visitor is None else self.orders[visitor]
        return next((order for order in orders if order["order_id"] == order_id), None)

    def notice_secret(self) -> str:
        return NOTICE_SECRET

    def figures(self) -> Figures:
        return self._after.figures(self.all_orders)

    @property
    def all_orders(self) -> Orders:
        return [order for orders in self.orders.values() for order in orders]


def once(method: str, part_of_path: str, *answers: httpx.Response | Exception) -> Accident:
    """Give these answers, one after the other, to the first requests that match."""
    left: Iterator[httpx.Response | Exception] = iter(answers)

    def accident(request: httpx.Request) -> httpx.Response | None:
        if request.method != method or part_of_path not in request.url.path:
            return None
        answer = next(left, None)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return accident


def always(method: str, part_of_path: str, answer: httpx.Response) -> Accident:
    """Give this answer to every request that matches."""

    def accident(request: httpx.Request) -> httpx.Response | None:
        matches = request.method == method and part_of_path in request.url.path
        return answer if matches else None

    return accident
