"""The routes of returns, for customers and for staff, and the refund that is heard of."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from souk.edges.routes import Access, Answer, Call, Routes
from souk.kernel.errors import Busy, InvalidQuery, NotFound
from souk.kernel.facts import Hears
from souk.kernel.settings import Settings, load
from souk.ordering import returning
from souk.ordering.return_store import AWAITED, ReturnStore
from souk.ordering.return_wire import (
    Acceptance,
    NewReturn,
    Refusal,
    ReturnList,
    ReturnPage,
    ReturnView,
    return_card,
    return_view,
)
from souk.ordering.returning import Verdict
from souk.ordering.returns import (
    KeyReused,
    NotDelivered,
    NotReturnable,
    ReturnDecided,
    Status,
    TooManyReturns,
    Wanted,
    WindowOver,
    Wish,
)
from souk.ordering.store import OrderStore
from souk.payment.events import PaymentRefunded

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
    answer=ReturnView,
    status=201,
    refusals=(
        NotFound,
        NotDelivered,
        WindowOver,
        TooManyReturns,
        NotReturnable,
        KeyReused,
        Busy,
    ),
    headers=("Idempotency-Key",),
)
def ask_return(call: Call, body: NewReturn) -> Answer:
    """Ask to send something of a delivered order back, once for an Idempotency-Key."""
    order_id = call.path["order_id"]
    wish = Wish(
        key=call.idempotency_key(),
        fingerprint=hashlib.sha256(msgspec.json.encode(body)).hexdigest(),
        lines=[Wanted(line.sku, line.quantity) for line in body.lines],
        reason=body.reason,
    )
    asked = returning.ask_return(
        order_id, wish, owner=call.visitor.owner, orders=orders(), returns=returns()
    )
    place = f"{call.visitor.prefix}/orders/{order_id}/returns"
    return Answer(return_view(asked), 201, {"Location": place})


@ROUTES.add(
    "GET",
    "/orders/{order_id}/returns",
    Access.VISITOR,
    answer=ReturnList,
    refusals=(NotFound,),
)
def list_returns(call: Call) -> ReturnList:
    """List what was asked to be sent back of one of your orders, and what became of it."""
    found = returning.list_returns(
        call.path["order_id"], owner=call.visitor.owner, orders=orders(), returns=returns()
    )
    return ReturnList([return_view(back) for back in found])


@ROUTES.add("GET", "/orders/{order_id}/returns", Access.STAFF, answer=ReturnList)
def list_returns_of(call: Call) -> ReturnList:
    """List what was asked to be sent back of anybody's order; of one there is not, nothing."""
    book = returns().book(call.path["order_id"])
    return ReturnList([return_view(back) for back in returns().of(book)])


@ROUTES.add("GET", "/returns", Access.STAFF, answer=ReturnPage, query=("awaits", "limit", "cursor"))
def list_open_returns(call: Call) -> ReturnPage:
    """List returns that await a verdict, or their refund, oldest first."""
    asked = call.query.get("awaits", Status.REQUESTED.value)
    awaits = next((each for each in AWAITED if each.value == asked), None)
    if awaits is None:
        raise InvalidQuery.field("/awaits", "returns are requested or accepted")
    page = returns().page(awaits, call.limit(), call.query.get("cursor"))
    return ReturnPage([return_card(back) for back in page.returns], page.next)


@ROUTES.add("GET", "/returns/{return_id}", Access.STAFF, answer=ReturnView, refusals=(NotFound,))
def read_return(call: Call) -> ReturnView:
    """Read one return."""
    return return_view(returning.read_return(call.path["return_id"], returns=returns()))


@ROUTES.add(
    "POST",
    "/returns/{return_id}/acceptance",
    Access.STAFF,
    answer=ReturnView,
    refusals=(NotFound, ReturnDecided, Busy),
)
def accept_return(call: Call, body: Acceptance) -> ReturnView:
    """Take goods back that arrived: each line is restocked or written off, and refunded."""
    verdict = Verdict(
        by=call.visitor.owner, lines=[(line.sku, line.restock) for line in body.lines]
    )
    return return_view(
        returning.accept_return(call.path["return_id"], verdict, orders=orders(), returns=returns())
    )


@ROUTES.add(
    "POST",
    "/returns/{return_id}/refusal",
    Access.STAFF,
    answer=ReturnView,
    refusals=(NotFound, ReturnDecided, Busy),
)
def refuse_return(call: Call, body: Refusal) -> ReturnView:
    """Refuse a return, with the reason its customer reads."""
    verdict = Verdict(by=call.visitor.owner, refusal=body.reason)
    return return_view(returning.refuse_return(call.path["return_id"], verdict, returns=returns()))


def _payment_refunded(fact: PaymentRefunded) -> None:
    returning.note_refund(fact.order_id, fact.refund_id, returns=returns())


HEARS: Hears = {PaymentRefunded: _payment_refunded}
