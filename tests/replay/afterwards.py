"""What the stand-in of the shop does once an order is confirmed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.replay.backstage import Account, Figures, Shelf
from cli.replay.parcels import signature
from tests.replay.answers import pounds, problem

SHIPPING = 495
NOTICE_SECRET = "of the carrier"
MADE = "2010-12-01T09:00:00.000Z"

Order = dict[str, Any]


@dataclass
class Afterwards:
    """Shares the shop's free stock by SKU; orders in `parked` are not sent, for their money."""

    stock: defaultdict[str, int]
    received: Mapping[str, tuple[str, int]]
    parked: frozenset[str]
    returns: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    parcels: dict[str, Order] = field(default_factory=dict)

    def cancel(self, order: Order | None) -> httpx.Response:
        if order is None:
            return problem(404, "order-not-found")
        if order["status"] == "confirmed":
            order["status"] = "cancelled"
            for sku, quantity in order["lines"].items():
                self.stock[sku] += quantity
        late = order["status"] != "cancelled"
        order["cancellation"] = {"outcome": "too-late" if late else "cancelled"}
        return httpx.Response(202, json=order)

    def dispatch(self, order: Order | None) -> httpx.Response:
        if order is None:
            return problem(404, "not-found")
        if order["order_id"] in self.parked:
            body = {"type": "/problems/not-captured", "reason": "card-expired"}
            return httpx.Response(409, json=body)
        if order["status"] == "cancelled":
            return problem(409, "shipment-cancelled")
        number = f"SP-{order['order_id']}"
        self.parcels[number] = order
        if order["status"] == "confirmed":
            order["status"] = "dispatched"
            order["history"] = [{"status": "confirmed", "at": MADE}]
        card = {"state": order["status"], "tracking_number": number, "made_at": MADE}
        return httpx.Response(200, json=card)

    def take_notice(self, request: httpx.Request) -> httpx.Response:
        signed = request.headers["Carrier-Signature"]
        moment = int(signed.split(",")[0].removeprefix("t="))
        if signed != signature(request.content, NOTICE_SECRET, moment):
            return problem(401, "bad-signature")
        self.parcels[json.loads(request.content)["tracking_number"]]["status"] = "delivered"
        return httpx.Response(200, json={"heeded": True})

    def ask_return(self, order: Order | None, request: httpx.Request) -> httpx.Response:
        if order is None or order["status"] != "delivered":
            return problem(409, "not-delivered")
        key = request.headers["Idempotency-Key"]
        if key not in self.keys:
            lines = {it["sku"]: it["quantity"] for it in json.loads(request.content)["lines"]}
            back = {"return_id": f"r-{len(self.returns)}", "order": order, "lines": lines}
            self.keys[key] = back | {"status": "requested", "refund": None, "shipping": None}
            self.returns.append(self.keys[key])
        return httpx.Response(201, json=_view(self.keys[key]))

    def accept(self, return_id: str) -> httpx.Response:
        back = next(it for it in self.returns if it["return_id"] == return_id)
        if back["status"] == "requested":
            back["status"] = "refunded"
            for sku, quantity in back["lines"].items():
                self.stock[sku] += quantity
            kept = _pieces(back["order"]["lines"]) - sum(
                _pieces(it["lines"]) for it in self._of(back["order"])
            )
            shipping = 0 if kept else SHIPPING
            goods = sum(_price(sku) * count for sku, count in back["lines"].items())
            back |= {"refund": pounds(goods + shipping), "shipping": pounds(shipping)}
        return httpx.Response(200, json=_view(back))

    def list_returns(self, order_id: str) -> httpx.Response:
        mine = [_view(it) for it in self.returns if it["order"]["order_id"] == order_id]
        return httpx.Response(200, json={"items": mine})

    def figures(self, orders: Sequence[Order]) -> Figures:
        """The storeroom is counted, not reckoned: an order that was lost is missing here, too."""
        sold: defaultdict[str, int] = defaultdict(int)
        came_back: defaultdict[str, int] = defaultdict(int)
        for order in orders:
            if order["status"] in ("confirmed", "dispatched", "delivered"):
                for sku, count in order["lines"].items():
                    sold[sku] += count
            for back in self._of(order):
                for sku, count in back["lines"].items():
                    came_back[sku] += count
        received: defaultdict[str, int] = defaultdict(int)
        for sku, quantity in self.received.values():
            received[sku] += quantity
        shelves = {
            sku: Shelf(
                received=count,
                available=self.stock[sku],
                sold=sold[sku] - came_back[sku],
                came_back=came_back[sku],
            )
            for sku, count in received.items()
        }
        return Figures({it["order_id"]: self._account(it) for it in orders}, shelves)

    def _account(self, order: Order) -> Account:
        back = self._of(order)
        held = order["status"] in ("confirmed", "dispatched", "delivered")
        sent = order["status"] in ("dispatched", "delivered")
        return Account(
            captured=order["total"]["amount"] if sent else 0,
            refunded=sum(it["refund"]["amount"] for it in back),
            pieces=held * _pieces(order["lines"]) - sum(_pieces(it["lines"]) for it in back),
        )

    def _of(self, order: Order) -> list[dict[str, Any]]:
        return [it for it in self.returns if it["order"] is order and it["status"] == "refunded"]


def _view(back: dict[str, Any]) -> dict[str, Any]:
    return {name: back[name] for name in ("return_id", "status", "refund", "shipping")}


def _pieces(lines: Mapping[str, int]) -> int:
    return sum(lines.values())


def _price(sku: str) -> int:
    """The replay's SKUs end in their price."""
    return int(sku.rpartition(".")[2])
