"""The fake shop after an order is confirmed: dispatch, cancellation, returns, balances."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.replay.deliveries import sign_webhook
from cli.replay.internals import Balances, OrderBalance, StockBalance
from tests.replay.responses import pounds, problem

SHIPPING = 495
WEBHOOK_SECRET = "of the carrier"
CREATED_AT = "2010-12-01T09:00:00.000Z"

Order = dict[str, Any]


@dataclass
class FakeFulfilment:
    """Shares the shop's available stock by SKU.

    The payment of an order in `not_capturable` cannot be captured, so it is not dispatched.
    """

    stock: defaultdict[str, int]
    receipts: Mapping[str, tuple[str, int]]
    not_capturable: frozenset[str]
    returns: list[dict[str, Any]] = field(default_factory=list)
    returns_by_key: dict[str, dict[str, Any]] = field(default_factory=dict)
    parcels: dict[str, Order] = field(default_factory=dict)

    def cancel(self, order: Order | None) -> httpx.Response:
        if order is None:
            return problem(404, "order-not-found")
        if order["status"] == "confirmed":
            order["status"] = "cancelled"
            for sku, quantity in order["lines"].items():
                self.stock[sku] += quantity
        is_too_late = order["status"] != "cancelled"
        order["cancellation"] = {"outcome": "too-late" if is_too_late else "cancelled"}
        return httpx.Response(202, json=order)

    def dispatch(self, order: Order | None) -> httpx.Response:
        if order is None:
            return problem(404, "not-found")
        if order["order_id"] in self.not_capturable:
            body = {"type": "/problems/capture-failed", "reason": "card-expired"}
            return httpx.Response(409, json=body)
        if order["status"] == "cancelled":
            return problem(409, "shipment-cancelled")
        number = f"SP-{order['order_id']}"
        self.parcels[number] = order
        if order["status"] == "confirmed":
            order["status"] = "dispatched"
            order["history"] = [{"status": "confirmed", "at": CREATED_AT}]
        card = {"status": order["status"], "tracking_number": number, "created_at": CREATED_AT}
        return httpx.Response(200, json=card)

    def receive_webhook(self, request: httpx.Request) -> httpx.Response:
        signature = request.headers["Carrier-Signature"]
        timestamp = int(signature.split(",")[0].removeprefix("t="))
        if signature != sign_webhook(request.content, WEBHOOK_SECRET, timestamp):
            return problem(401, "bad-signature")
        self.parcels[json.loads(request.content)["tracking_number"]]["status"] = "delivered"
        return httpx.Response(200, json={"handled": True})

    def request_return(self, order: Order | None, request: httpx.Request) -> httpx.Response:
        if order is None or order["status"] != "delivered":
            return problem(409, "order-not-delivered")
        key = request.headers["Idempotency-Key"]
        if key not in self.returns_by_key:
            lines = {it["sku"]: it["quantity"] for it in json.loads(request.content)["lines"]}
            self.returns_by_key[key] = {
                "return_id": f"r-{len(self.returns)}",
                "order": order,
                "lines": lines,
                "status": "requested",
                "refund": None,
                "shipping": None,
            }
            self.returns.append(self.returns_by_key[key])
        return httpx.Response(201, json=_view(self.returns_by_key[key]))

    def accept(self, return_id: str) -> httpx.Response:
        accepted = next(it for it in self.returns if it["return_id"] == return_id)
        if accepted["status"] == "requested":
            accepted["status"] = "refunded"
            for sku, quantity in accepted["lines"].items():
                self.stock[sku] += quantity
            items_kept = _count_items(accepted["order"]["lines"]) - sum(
                _count_items(it["lines"]) for it in self._refunded_of(accepted["order"])
            )
            shipping = 0 if items_kept else SHIPPING
            items = sum(_price_of(sku) * count for sku, count in accepted["lines"].items())
            accepted |= {"refund": pounds(items + shipping), "shipping": pounds(shipping)}
        return httpx.Response(200, json=_view(accepted))

    def list_returns(self, order_id: str) -> httpx.Response:
        returns = [_view(it) for it in self.returns if it["order"]["order_id"] == order_id]
        return httpx.Response(200, json={"items": returns})

    def balances(self, orders: Sequence[Order]) -> Balances:
        """Stock is counted from `orders`, so an order that was lost is missing here, too."""
        bought: defaultdict[str, int] = defaultdict(int)
        returned: defaultdict[str, int] = defaultdict(int)
        for order in orders:
            if order["status"] in ("confirmed", "dispatched", "delivered"):
                for sku, count in order["lines"].items():
                    bought[sku] += count
            for refunded in self._refunded_of(order):
                for sku, count in refunded["lines"].items():
                    returned[sku] += count
        received: defaultdict[str, int] = defaultdict(int)
        for sku, quantity in self.receipts.values():
            received[sku] += quantity
        stock = {
            sku: StockBalance(
                received=count,
                available=self.stock[sku],
                sold=bought[sku] - returned[sku],
                returned=returned[sku],
            )
            for sku, count in received.items()
        }
        return Balances({it["order_id"]: self._order_balance(it) for it in orders}, stock)

    def _order_balance(self, order: Order) -> OrderBalance:
        refunded = self._refunded_of(order)
        is_held = order["status"] in ("confirmed", "dispatched", "delivered")
        is_captured = order["status"] in ("dispatched", "delivered")
        return OrderBalance(
            captured=order["total"]["amount"] if is_captured else 0,
            refunded=sum(it["refund"]["amount"] for it in refunded),
            items=is_held * _count_items(order["lines"])
            - sum(_count_items(it["lines"]) for it in refunded),
        )

    def _refunded_of(self, order: Order) -> list[dict[str, Any]]:
        return [it for it in self.returns if it["order"] is order and it["status"] == "refunded"]


def _view(return_: dict[str, Any]) -> dict[str, Any]:
    return {name: return_[name] for name in ("return_id", "status", "refund", "shipping")}


def _count_items(lines: Mapping[str, int]) -> int:
    return sum(lines.values())


def _price_of(sku: str) -> int:
    """The SKUs of a replay end in the price."""
    return int(sku.rpartition(".")[2])
