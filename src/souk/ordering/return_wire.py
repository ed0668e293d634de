"""Request and response bodies of the routes of returns."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.kernel.money import Money
from souk.kernel.patterns import ONE_LINE
from souk.ordering.returns import Return, Summary

MAX_LINES = 1_000  # a basket holds no more

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Sku = Annotated[str, msgspec.Meta(max_length=40)]
_some = msgspec.Meta(min_length=1, max_length=MAX_LINES)


class LineBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class NewReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent back of the order, each SKU once."""

    lines: Annotated[list[LineBack], _some]
    reason: Note | None = None


class LineTaken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`restock`: it can be sold again; otherwise it is written off."""

    sku: Sku
    restock: bool


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of each line of the return what becomes of it."""

    lines: Annotated[list[LineTaken], _some]


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing is given back; the customer reads it."""

    reason: Note


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """`restock` is null until the return is accepted."""

    sku: str
    quantity: int
    restock: bool | None


class ReturnView(msgspec.Struct, frozen=True, kw_only=True):
    """`refund` is all that is given back, with `shipping`; both are null until it is accepted."""

    return_id: str
    order_id: str
    status: str
    lines: list[ReturnLine]
    reason: str | None
    refund: Money | None
    shipping: Money | None
    refusal: str | None
    requested_at: str
    decided_at: str | None
    refunded_at: str | None


class ReturnList(msgspec.Struct, frozen=True):
    """All returns of an order, oldest first."""

    items: list[ReturnView]


class ReturnCard(msgspec.Struct, frozen=True, kw_only=True):
    """A return in a list of staff: all but its lines."""

    return_id: str
    order_id: str
    status: str
    pieces: int
    refund: Money | None
    requested_at: str
    decided_at: str | None


class ReturnPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[ReturnCard]
    next: str | None


def return_view(back: Return) -> ReturnView:
    return ReturnView(
        return_id=back.return_id,
        order_id=back.order_id,
        status=back.status.value,
        lines=[
            ReturnLine(sku=item.sku, quantity=item.quantity, restock=item.restock)
            for item in back.items
        ],
        reason=back.reason,
        refund=back.refund,
        shipping=back.shipping,
        refusal=back.refusal,
        requested_at=back.requested_at,
        decided_at=back.decided_at,
        refunded_at=back.refunded_at,
    )


def return_card(back: Summary) -> ReturnCard:
    return ReturnCard(
        return_id=back.return_id,
        order_id=back.order_id,
        status=back.status.value,
        pieces=back.pieces,
        refund=back.refund,
        requested_at=back.requested_at,
        decided_at=back.decided_at,
    )
