"""Request and response bodies of the return routes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.kernel.money import Money
from souk.kernel.patterns import ONE_LINE
from souk.ordering.returns import Return, ReturnSummary

MAX_LINES = 1_000  # as in a basket

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Sku = Annotated[str, msgspec.Meta(max_length=40)]
_LINE_COUNT = msgspec.Meta(min_length=1, max_length=MAX_LINES)


class ReturnLineRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class ReturnRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The items of the order to return, each SKU once."""

    lines: Annotated[list[ReturnLineRequest], _LINE_COUNT]
    reason: Reason | None = None


class RestockDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`restock`: the items can be sold again; otherwise they are written off."""

    sku: Sku
    restock: bool


class AcceptanceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision for each line of the return."""

    lines: Annotated[list[RestockDecision], _LINE_COUNT]


class RejectionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the return is rejected. The customer reads it."""

    reason: Reason


class ReturnLineView(msgspec.Struct, frozen=True, kw_only=True):
    """`restock` is null until the return is accepted."""

    sku: str
    quantity: int
    restock: bool | None


class ReturnView(msgspec.Struct, frozen=True, kw_only=True):
    """`refund` is the whole refund, including the refunded `shipping`.

    Both are null until the return is accepted.
    """

    return_id: str
    order_id: str
    status: str
    lines: list[ReturnLineView]
    reason: str | None
    refund: Money | None
    shipping: Money | None
    rejection_reason: str | None
    requested_at: str
    decided_at: str | None
    refunded_at: str | None


class ReturnList(msgspec.Struct, frozen=True):
    """All returns of an order, oldest first."""

    items: list[ReturnView]


class ReturnCard(msgspec.Struct, frozen=True, kw_only=True):
    """A return in a list, without its lines. `quantity` is the sum over the lines."""

    return_id: str
    order_id: str
    status: str
    quantity: int
    refund: Money | None
    requested_at: str
    decided_at: str | None


class ReturnPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page; null on the last page."""

    items: list[ReturnCard]
    next: str | None


def to_return_view(return_: Return) -> ReturnView:
    return ReturnView(
        return_id=return_.return_id,
        order_id=return_.order_id,
        status=return_.status.value,
        lines=[
            ReturnLineView(sku=line.sku, quantity=line.quantity, restock=line.restock)
            for line in return_.lines
        ],
        reason=return_.reason,
        refund=return_.refund,
        shipping=return_.shipping,
        rejection_reason=return_.rejection_reason,
        requested_at=return_.requested_at,
        decided_at=return_.decided_at,
        refunded_at=return_.refunded_at,
    )


def to_return_card(return_: ReturnSummary) -> ReturnCard:
    return ReturnCard(
        return_id=return_.return_id,
        order_id=return_.order_id,
        status=return_.status.value,
        quantity=return_.quantity,
        refund=return_.refund,
        requested_at=return_.requested_at,
        decided_at=return_.decided_at,
    )
