"""Routes of returns for customers and staff, and the subscription to refunds."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from souk.kernel.errors import Busy, IdempotencyKeyReused, InvalidQuery, NotFound
from souk.kernel.events import Subscriptions
from souk.kernel.settings import Settings, load
from souk.ordering import return_usecases
from souk.ordering.return_schemas import (
    AcceptanceRequest,
    RejectionRequest,
    ReturnList,
    ReturnPage,
    ReturnRequest,
    ReturnView,
    to_return_card,
    to_return_view,
)
from souk.ordering.return_store import OPEN_STATUSES, ReturnStore
from souk.ordering.return_usecases import ReturnDecision
from souk.ordering.returns import (
    ItemsNotReturnable,
    OrderNotDelivered,
    RequestedLine,
    RequestedReturn,
    ReturnAlreadyDecided,
    ReturnStatus,
    ReturnWindowClosed,
    TooManyReturns,
)
from souk.ordering.store import OrderStore
from souk.payment.events import PaymentRefunded
from souk.runtime.routes import Access, Request, Response, Routes

ROUTES = Routes()


class ReturnSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def returns() -> ReturnStore:
    return ReturnStore(load(ReturnSettings).table_name)


@cache
def orders() -> OrderStore:
    return OrderStore(load(ReturnSettings).table_name)


@ROUTES.add(
    "POST",
    "/orders/{order_id}/returns",
    Access.VISITOR,
    response=ReturnView,
    status=201,
    errors=(
        NotFound,
        OrderNotDelivered,
        ReturnWindowClosed,
        TooManyReturns,
        ItemsNotReturnable,
        IdempotencyKeyReused,
        Busy,
    ),
    headers=("Idempotency-Key",),
)
def request_return(request: Request, body: ReturnRequest) -> Response:
    """Request to return items of a delivered order, once per Idempotency-Key."""
    order_id = request.path["order_id"]
    requested = RequestedReturn(
        idempotency_key=request.idempotency_key(),
        fingerprint=hashlib.sha256(msgspec.json.encode(body)).hexdigest(),
        lines=[RequestedLine(line.sku, line.quantity) for line in body.lines],
        reason=body.reason,
    )
    return_ = return_usecases.request_return(
        order_id, requested, owner=request.caller.owner, orders=orders(), returns=returns()
    )
    location = f"{request.caller.prefix}/orders/{order_id}/returns"
    return Response(to_return_view(return_), 201, {"Location": location})


@ROUTES.add(
    "GET",
    "/orders/{order_id}/returns",
    Access.VISITOR,
    response=ReturnList,
    errors=(NotFound,),
)
def list_returns(request: Request) -> ReturnList:
    """List the returns of one of your orders, oldest first."""
    found = return_usecases.list_returns(
        request.path["order_id"], owner=request.caller.owner, orders=orders(), returns=returns()
    )
    return ReturnList([to_return_view(return_) for return_ in found])


@ROUTES.add("GET", "/orders/{order_id}/returns", Access.STAFF, response=ReturnList)
def staff_list_returns(request: Request) -> ReturnList:
    """List the returns of any order, oldest first. For an unknown order the list is empty."""
    order_returns = returns().get_order_returns(request.path["order_id"])
    return ReturnList(
        [to_return_view(return_) for return_ in returns().list_for_order(order_returns)]
    )


@ROUTES.add(
    "GET", "/returns", Access.STAFF, response=ReturnPage, query=("status", "limit", "cursor")
)
def list_open_returns(request: Request) -> ReturnPage:
    """List returns that wait for a decision or a refund, oldest first.

    `status` is `requested` (the default) or `accepted`.
    """
    status = _open_status(request)
    page = returns().list_open(status, request.limit(), request.query.get("cursor"))
    return ReturnPage([to_return_card(return_) for return_ in page.returns], page.next)


@ROUTES.add("GET", "/returns/{return_id}", Access.STAFF, response=ReturnView, errors=(NotFound,))
def get_return(request: Request) -> ReturnView:
    """Read one return."""
    return to_return_view(return_usecases.get_return(request.path["return_id"], returns=returns()))


@ROUTES.add(
    "POST",
    "/returns/{return_id}/acceptance",
    Access.STAFF,
    response=ReturnView,
    errors=(NotFound, ReturnAlreadyDecided, Busy),
)
def accept_return(request: Request, body: AcceptanceRequest) -> ReturnView:
    """Accept a return that arrived: restock or write off each line, and refund all of them."""
    decision = ReturnDecision(
        decided_by=request.caller.owner, lines=[(line.sku, line.restock) for line in body.lines]
    )
    return to_return_view(
        return_usecases.accept_return(
            request.path["return_id"], decision, orders=orders(), returns=returns()
        )
    )


@ROUTES.add(
    "POST",
    "/returns/{return_id}/rejection",
    Access.STAFF,
    response=ReturnView,
    errors=(NotFound, ReturnAlreadyDecided, Busy),
)
def reject_return(request: Request, body: RejectionRequest) -> ReturnView:
    """Reject a return, with a reason that the customer reads."""
    decision = ReturnDecision(decided_by=request.caller.owner, rejection_reason=body.reason)
    return to_return_view(
        return_usecases.reject_return(request.path["return_id"], decision, returns=returns())
    )


def _open_status(request: Request) -> ReturnStatus:
    text = request.query.get("status", ReturnStatus.REQUESTED.value)
    for status in OPEN_STATUSES:
        if status.value == text:
            return status
    raise InvalidQuery.field("/status", "status must be requested or accepted.")


def _record_refund(event: PaymentRefunded) -> None:
    return_usecases.record_refund(event.order_id, event.refund_id, returns=returns())


SUBSCRIPTIONS: Subscriptions = {PaymentRefunded: _record_refund}
