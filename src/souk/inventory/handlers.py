"""Inventory's staff routes, commands and event subscriptions, and the expiry of holds."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from souk.inventory import usecases
from souk.inventory.commands import (
    CommitStock,
    Committed,
    Released,
    ReleaseStock,
    Reserved,
    ReserveStock,
)
from souk.inventory.domain import InsufficientStock, Return, ReturnedLine, Sku
from souk.inventory.schemas import (
    AdjustmentRequest,
    MovementView,
    ReceiptRequest,
    StockPage,
    StockView,
    movement_view,
    stock_view,
)
from souk.inventory.store import InventoryStore
from souk.inventory.usecases import MovementRequest
from souk.kernel.clock import now
from souk.kernel.commands import Commands
from souk.kernel.errors import Busy, IdempotencyKeyReused, InvalidRequest, NotFound
from souk.kernel.events import Subscriptions
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import OrderCancelled, ReturnAccepted
from souk.runtime.routes import Access, Request, Response, Routes

ROUTES = Routes()
MAX_HOLDS_PER_RUN = 100


class InventorySettings(Settings, frozen=True, kw_only=True):
    table_name: str


class HoldsNotExpired(Exception):
    """Some holds could not be expired. The log has an error for each of them."""


@cache
def inventory() -> InventoryStore:
    return InventoryStore(load(InventorySettings).table_name)


@ROUTES.add("GET", "/stock", Access.STAFF, response=StockPage, query=("limit", "cursor"))
def list_stock(request: Request) -> StockPage:
    """List the stock of every SKU that was ever received."""
    page = inventory().page(request.limit(), request.query.get("cursor"))
    return StockPage([stock_view(stock) for stock in page.stock], page.next)


@ROUTES.add("GET", "/stock/{sku}", Access.STAFF, response=StockView, errors=(NotFound,))
def get_stock(request: Request) -> StockView:
    """Read the received, available and allocated quantities of a SKU."""
    return stock_view(inventory().get(request.path["sku"]))


@ROUTES.add(
    "POST",
    "/stock/{sku}/receipts",
    Access.STAFF,
    response=MovementView,
    status=201,
    errors=(IdempotencyKeyReused, Busy),
    headers=("Idempotency-Key",),
)
def receive_stock(request: Request, body: ReceiptRequest) -> Response:
    """Record received stock, once per Idempotency-Key."""
    return _record_movement(request, "receipt", body.quantity, body.reference)


@ROUTES.add(
    "POST",
    "/stock/{sku}/adjustments",
    Access.STAFF,
    response=MovementView,
    status=201,
    errors=(InsufficientStock, IdempotencyKeyReused, Busy),
    headers=("Idempotency-Key",),
)
def adjust_stock(request: Request, body: AdjustmentRequest) -> Response:
    """Correct the stock after a count. Reserved and sold stock cannot be removed."""
    if body.quantity == 0:
        raise InvalidRequest.field("/quantity", "The quantity of an adjustment must not be 0.")
    return _record_movement(request, "adjustment", body.quantity, body.reason)


def _record_movement(
    request: Request,
    movement_type: Literal["receipt", "adjustment"],
    quantity: int,
    note: str | None,
) -> Response:
    movement = usecases.record_movement(
        MovementRequest(
            type=movement_type,
            sku=_parse_sku(request.path["sku"]),
            quantity=quantity,
            note=note,
            staff=request.caller.owner,
            key=request.idempotency_key(),
        ),
        stocks=inventory(),
    )
    location = f"/api/staff/stock/{movement.sku}"
    return Response(movement_view(movement), 201, {"Location": location})


def _parse_sku(text: str) -> str:
    """Catches mistyped SKUs before stock is recorded for them. Raises InvalidRequest."""
    try:
        return msgspec.convert(text, Sku)
    except msgspec.ValidationError as error:
        raise InvalidRequest.field(
            "/sku",
            "A SKU has 1 to 40 letters, digits or . _ - and starts with a letter or digit.",
        ) from error


def _reserve(command: ReserveStock) -> Reserved:
    return usecases.reserve_stock(command.order_id, command.lines, holds=inventory())


def _commit(command: CommitStock) -> Committed:
    return usecases.commit_stock(command.order_id, holds=inventory())


def _release(command: ReleaseStock) -> Released:
    return usecases.release_stock(command.order_id, holds=inventory())


COMMANDS: Commands = {ReserveStock: _reserve, CommitStock: _commit, ReleaseStock: _release}


def _release_cancelled(event: OrderCancelled) -> None:
    usecases.release_stock(event.order_id, holds=inventory())


def _book_return(event: ReturnAccepted) -> None:
    return_ = Return(
        order_id=event.order_id,
        return_id=event.return_id,
        lines=[
            ReturnedLine(sku=line.sku, quantity=line.quantity, restock=line.restock)
            for line in event.lines
        ],
    )
    usecases.book_return(return_, returns=inventory())


SUBSCRIPTIONS: Subscriptions = {OrderCancelled: _release_cancelled, ReturnAccepted: _book_return}


def expire_holds() -> None:
    """Expire holds whose lease has ended, at most MAX_HOLDS_PER_RUN.

    A failure does not stop the others. Raises HoldsNotExpired at the end, for the alarm.
    """
    order_ids = inventory().expired_holds(now(), MAX_HOLDS_PER_RUN)
    failed = [order_id for order_id in order_ids if not _try_to_expire(order_id)]
    logger.info("holds expired", expired=len(order_ids) - len(failed), failed=len(failed))
    if failed:
        raise HoldsNotExpired(f"{len(failed)} holds could not be expired")


def _try_to_expire(order_id: str) -> bool:
    """False, with the error in the log, when the hold could not be expired."""
    try:
        usecases.expire_hold(order_id, holds=inventory())
    except Exception as error:  # noqa: BLE001  the next hold is tried, too
        logger.error("hold not expired", order_id=order_id, exc_info=error)
        return False
    return True
