"""Inventory's routes for staff, commands, facts it hears, and the sweep of ended leases."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from souk.edges.routes import Access, Answer, Call, Routes
from souk.inventory import usecases
from souk.inventory.commands import (
    CommitStock,
    Committed,
    Released,
    ReleaseStock,
    Reserved,
    ReserveStock,
)
from souk.inventory.domain import KeyReused, NotEnoughFree, Return, ReturnedLine, Sku
from souk.inventory.store import InventoryStore
from souk.inventory.usecases import Instruction
from souk.inventory.wire import (
    MoveView,
    NewAdjustment,
    NewReceipt,
    StockPage,
    StockView,
    move_view,
    stock_view,
)
from souk.kernel.clock import now
from souk.kernel.commands import Does
from souk.kernel.errors import Busy, Invalid, NotFound
from souk.kernel.facts import Hears
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import OrderCancelled, ReturnAccepted

ROUTES = Routes()
SWEPT_AT_ONCE = 100


class InventorySettings(Settings, frozen=True, kw_only=True):
    table_name: str


class LeasesLeft(Exception):
    """Some leases that ended could not be let go; the log tells which, and why."""


@cache
def inventory() -> InventoryStore:
    return InventoryStore(load(InventorySettings).table_name)


@ROUTES.add("GET", "/stock", Access.STAFF, answer=StockPage, query=("limit", "cursor"))
def list_stock(call: Call) -> StockPage:
    """List the stock of every SKU that was ever received."""
    page = inventory().page(call.limit(), call.query.get("cursor"))
    return StockPage([stock_view(stock) for stock in page.stock], page.next)


@ROUTES.add("GET", "/stock/{sku}", Access.STAFF, answer=StockView, refusals=(NotFound,))
def read_stock(call: Call) -> StockView:
    """Read how much of a SKU was received, is available, and is held or sold."""
    return stock_view(inventory().get(call.path["sku"]))


@ROUTES.add(
    "POST",
    "/stock/{sku}/receipts",
    Access.STAFF,
    answer=MoveView,
    status=201,
    refusals=(KeyReused, Busy),
    headers=("Idempotency-Key",),
)
def receive_stock(call: Call, body: NewReceipt) -> Answer:
    """Book goods that came, once for an Idempotency-Key."""
    return _move(call, "receipt", body.quantity, body.reference)


@ROUTES.add(
    "POST",
    "/stock/{sku}/adjustments",
    Access.STAFF,
    answer=MoveView,
    status=201,
    refusals=(NotEnoughFree, KeyReused, Busy),
    headers=("Idempotency-Key",),
)
def adjust_stock(call: Call, body: NewAdjustment) -> Answer:
    """Put a count right, with a reason; what is held or sold cannot be adjusted away."""
    if body.by == 0:
        raise Invalid.field("/by", "an adjustment by nothing is none")
    return _move(call, "adjustment", body.by, body.reason)


def _move(call: Call, kind: Literal["receipt", "adjustment"], by: int, note: str | None) -> Answer:
    move = usecases.move_stock(
        Instruction(
            kind=kind,
            sku=_sku(call.path["sku"]),
            by=by,
            note=note,
            staff=call.visitor.owner,
            key=call.idempotency_key(),
        ),
        stocks=inventory(),
    )
    return Answer(move_view(move), 201, {"Location": f"/api/staff/stock/{move.sku}"})


def _sku(text: str) -> str:
    """Of what cannot be a SKU nothing is received: staff mistyped it."""
    try:
        return msgspec.convert(text, Sku)
    except msgspec.ValidationError as error:
        raise Invalid.field("/sku", "a SKU is up to 40 letters, digits and . _ -") from error


def _reserve(wish: ReserveStock) -> Reserved:
    return usecases.reserve_stock(wish.order_id, wish.lines, holds=inventory())


def _commit(wish: CommitStock) -> Committed:
    return usecases.commit_stock(wish.order_id, holds=inventory())


def _release(wish: ReleaseStock) -> Released:
    return usecases.release_stock(wish.order_id, holds=inventory())


DOES: Does = {ReserveStock: _reserve, CommitStock: _commit, ReleaseStock: _release}


def _order_cancelled(fact: OrderCancelled) -> None:
    usecases.release_stock(fact.order_id, holds=inventory())


def _return_accepted(fact: ReturnAccepted) -> None:
    came_back = Return(
        order_id=fact.order_id,
        return_id=fact.return_id,
        lines=[
            ReturnedLine(sku=line.sku, quantity=line.quantity, restock=line.restock)
            for line in fact.lines
        ],
    )
    usecases.book_return(came_back, returns=inventory())


HEARS: Hears = {OrderCancelled: _order_cancelled, ReturnAccepted: _return_accepted}


def end_leases() -> None:
    """One that fails stops no other; that some did is raised in the end, for the alarm."""
    ended = inventory().ended(now(), SWEPT_AT_ONCE)
    failed = [order_id for order_id in ended if not _has_ended(order_id)]
    logger.info("leases ended", ended=len(ended) - len(failed), failed=len(failed))
    if failed:
        raise LeasesLeft(f"{len(failed)} leases could not be ended")


def _has_ended(order_id: str) -> bool:
    try:
        usecases.end_lease(order_id, holds=inventory())
    except Exception as error:  # noqa: BLE001  whatever it is, the next lease is looked at
        logger.error("lease not ended", order_id=order_id, exc_info=error)
        return False
    return True
