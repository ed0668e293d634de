"""An in-memory fake of the shop's API that can fail on request."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.replay.internals import Balances
from tests.replay.fake_fulfilment import SHIPPING, WEBHOOK_SECRET, FakeFulfilment
from tests.replay.responses import pounds, problem

PAGE_SIZE = 2  # small, so that a guest with duplicate orders has a second page

Orders = list[dict[str, Any]]
Fault = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class FakeShop:
    """Stores products, baskets and orders.

    `before` may respond instead of the shop, or raise an exception. `after` may do the same once
    the shop has carried out the request.
    """

    before: Fault = lambda request: None
    after: Fault = lambda request: None
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    baskets: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    orders: defaultdict[str, Orders] = field(default_factory=lambda: defaultdict(list))
    shipping_options: list[str] = field(default_factory=lambda: ["standard"])
    stock: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: dict[str, tuple[str, int]] = field(default_factory=dict)
    decides_orders: bool = True
    checkouts: dict[tuple[str, str], tuple[bytes, httpx.Response]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    token: str = "sam"
    orders_per_checkout: int = 1
    overcharge: int = 0
    not_capturable: frozenset[str] = frozenset()
    concurrency: int = 0
    max_concurrency: int = 0

    def __post_init__(self) -> None:
        self._fulfilment = FakeFulfilment(self.stock, self.receipts, self.not_capturable)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.concurrency += 1
        self.max_concurrency = max(self.max_concurrency, self.concurrency)
        await asyncio.sleep(0)  # lets the other customers send their requests
        self.concurrency -= 1
        return self.respond(request)

    def respond(self, request: httpx.Request) -> httpx.Response:
        fault = self.before(request)
        if fault:
            return fault
        response = self._route(request)
        return self.after(request) or response

    def _route(self, request: httpx.Request) -> httpx.Response:  # noqa: C901  one line per route
        guest = request.headers.get("Guest-Token", "")
        match request.method, *request.url.path.strip("/").split("/"):
            case "POST", "api", "staff", *path:
                return self._route_staff(path, request)
            case "GET", "api", "shipping-options":
                options = [{"id": each} for each in self.shipping_options]
                return httpx.Response(200, json={"items": options})
            case "GET", "api", "products", sku:
                return self._read_product(sku)
            case "PUT", "api", "guest", "basket", "items", sku:
                return self._put_line(guest, sku, json.loads(request.content)["quantity"])
            case "GET", "api", "guest", "basket":
                return self._read_basket(guest)
            case "POST", "api", "guest", "basket", "checkout":
                return self._check_out(guest, request)
            case "POST", "api", "guest", "orders", order_id, "cancellation":
                return self._fulfilment.cancel(self._find_order(guest, order_id))
            case "POST", "api", "guest", "orders", order_id, "returns":
                return self._fulfilment.request_return(self._find_order(guest, order_id), request)
            case "GET", "api", "guest", "orders", order_id, "returns":
                return self._fulfilment.list_returns(order_id)
            case "POST", "api", "shipments", "webhooks", _:
                return self._fulfilment.receive_webhook(request)
            case "GET", "api", "guest", "orders":
                return self._list_orders(guest, int(request.url.params.get("cursor", "0")))
            case "GET", "api", "guest", "orders", order_id:
                return self._read_order(guest, order_id)
        return problem(404, "not-found")

    def _route_staff(self, path: list[str], request: httpx.Request) -> httpx.Response:
        match path:
            case ["products"]:
                return self._list_product(request)
            case ["shipping-options"]:
                self.shipping_options.append(json.loads(request.content)["id"])
                return httpx.Response(201)
            case ["stock", sku, "receipts"]:
                return self._receive_stock(sku, request)
            case ["shipments", order_id, "dispatch"]:
                return self._fulfilment.dispatch(self._find_order(None, order_id))
            case ["returns", return_id, "acceptance"]:
                return self._fulfilment.accept(return_id)
        return problem(404, "not-found")

    def _list_product(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {self.token}":
            return httpx.Response(401, json={"message": "Unauthorized"})
        product = json.loads(request.content)
        if product["sku"] in self.products:
            return problem(409, "sku-exists")
        self.products[product["sku"]] = product
        return httpx.Response(201, json=product)

    def _receive_stock(self, sku: str, request: httpx.Request) -> httpx.Response:
        key, quantity = request.headers["Idempotency-Key"], json.loads(request.content)["quantity"]
        if key not in self.receipts:
            self.receipts[key] = sku, quantity
            self.stock[sku] += quantity
        is_same = self.receipts[key] == (sku, quantity)
        return httpx.Response(201) if is_same else problem(422, "idempotency-key-reused")

    def _read_product(self, sku: str) -> httpx.Response:
        product = self.products.get(sku)
        return httpx.Response(200, json=product) if product else problem(404, "product-not-found")

    def _put_line(self, guest: str, sku: str, quantity: int) -> httpx.Response:
        if sku not in self.products:
            return problem(409, "product-unknown", retry_after="0")
        self.baskets[guest][sku] = quantity
        return httpx.Response(200, json={"sku": sku, "quantity": quantity})

    def _subtotal(self, guest: str) -> int:
        subtotal = self.overcharge
        for sku, quantity in self.baskets[guest].items():
            subtotal += self.products[sku]["price"]["amount"] * quantity
        return subtotal

    def _read_basket(self, guest: str) -> httpx.Response:
        options = [{"id": each, "price": pounds(SHIPPING)} for each in self.shipping_options]
        subtotal = pounds(self._subtotal(guest))
        return httpx.Response(200, json={"subtotal": subtotal, "shipping_options": options})

    def _check_out(self, guest: str, request: httpx.Request) -> httpx.Response:
        key = guest, request.headers["Idempotency-Key"]
        if key in self.checkouts:
            body, response = self.checkouts[key]
            is_same = body == request.content
            return response if is_same else problem(422, "idempotency-key-reused")
        total = self._subtotal(guest) + SHIPPING
        if json.loads(request.content)["expected_total"] != pounds(total):
            return problem(409, "total-changed")
        response = self._place_order(guest, json.loads(request.content)["payment_token"])
        self.checkouts[key] = request.content, response
        return response

    def _place_order(self, guest: str, payment_token: str) -> httpx.Response:
        order_id = f"o-{len(self.checkouts)}"
        order = {
            "order_id": order_id,
            "lines": dict(self.baskets[guest]),
            **self._decide(guest, payment_token),
            "line_count": len(self.baskets[guest]),
            "subtotal": pounds(self._subtotal(guest)),
            "total": pounds(self._subtotal(guest) + SHIPPING),
        }
        self.orders[guest] += [
            order | {"order_id": order_id + "'" * number}
            for number in range(self.orders_per_checkout)
        ]
        self.baskets[guest] = {}
        location = {"Location": f"/api/guest/orders/{order_id}"}
        return httpx.Response(202, headers=location, json={"order_id": order_id})

    def _decide(self, guest: str, payment_token: str) -> dict[str, Any]:
        lines = self.baskets[guest]
        if not self.decides_orders:
            return {"status": "placed"}
        if any(self.stock[sku] < quantity for sku, quantity in lines.items()):
            return {"status": "rejected", "rejection": {"reason": "out-of-stock"}}
        if payment_token in ("tok_declined", "tok_insufficient_funds"):
            return {"status": "rejected", "rejection": {"reason": "payment-declined"}}
        for sku, quantity in lines.items():
            self.stock[sku] -= quantity
        return {"status": "confirmed"}

    def _list_orders(self, guest: str, start: int) -> httpx.Response:
        orders, end = self.orders[guest], start + PAGE_SIZE
        next_cursor = str(end) if len(orders) > end else None
        return httpx.Response(200, json={"items": orders[start:end], "next": next_cursor})

    def _read_order(self, guest: str, order_id: str) -> httpx.Response:
        order = self._find_order(guest, order_id)
        return httpx.Response(200, json=order) if order else problem(404, "order-not-found")

    def _find_order(self, guest: str | None, order_id: str) -> dict[str, Any] | None:
        """For staff, `guest` is None: they can read all orders."""
        orders = self.all_orders if guest is None else self.orders[guest]
        return next((order for order in orders if order["order_id"] == order_id), None)

    def webhook_secret(self) -> str:
        return WEBHOOK_SECRET

    def balances(self) -> Balances:
        return self._fulfilment.balances(self.all_orders)

    @property
    def all_orders(self) -> Orders:
        return [order for orders in self.orders.values() for order in orders]


def once(method: str, part_of_path: str, *responses: httpx.Response | Exception) -> Fault:
    """Give these responses, one after the other, to the first requests that match."""
    remaining: Iterator[httpx.Response | Exception] = iter(responses)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.method != method or part_of_path not in request.url.path:
            return None
        response = next(remaining, None)
        if isinstance(response, Exception):
            raise response
        return response

    return fault


def always(method: str, part_of_path: str, response: httpx.Response) -> Fault:
    """Give this response to every request that matches."""

    def fault(request: httpx.Request) -> httpx.Response | None:
        matches = request.method == method and part_of_path in request.url.path
        return response if matches else None

    return fault
