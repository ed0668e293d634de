"""What ordering answers: to its routes, and to the checkout workflow."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.money import Money
from souk.ordering.commands import Begun, Reason, WantedLine
from souk.ordering.domain import SENTENCES, Order, Rejection, Status, Summary


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    at: str


class RejectionView(msgspec.Struct, frozen=True, kw_only=True):
    """`sentence` is for the customer; `detail` is the payment provider's reason, if it gave one."""

    reason: Reason
    sentence: str
    detail: str | None
    skus: list[str]


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    order_id: str
    status: str
    lines: list[OrderLine]
    subtotal: Money
    shipping_option: str
    shipping: Money
    total: Money
    placed_at: str
    history: list[ChangeView]
    rejection: RejectionView | None


class OrderCard(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list: all but its lines and history; `reason` tells why it is not to be."""

    order_id: str
    status: str
    subtotal: Money
    total: Money
    line_count: int
    placed_at: str
    reason: Reason | None


class OrderPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[OrderCard]
    next: str | None


def view(order: Order) -> OrderView:
    return OrderView(
        order_id=order.order_id,
        status=order.status.value,
        lines=[
            OrderLine(
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_price=line.unit_price,
                line_total=line.total,
            )
            for line in order.lines
        ],
        subtotal=order.subtotal,
        shipping_option=order.shipping_option,
        shipping=order.shipping,
        total=order.total,
        placed_at=order.placed_at,
        history=[ChangeView(status=step.status.value, at=step.at) for step in order.history],
        rejection=_rejection(order.rejection),
    )


def card(order: Summary) -> OrderCard:
    return OrderCard(
        order_id=order.order_id,
        status=order.status.value,
        subtotal=order.subtotal,
        total=order.total,
        line_count=order.line_count,
        placed_at=order.placed_at,
        reason=order.reason,
    )


def _rejection(why: Rejection | None) -> RejectionView | None:
    if why is None:
        return None
    return RejectionView(
        reason=why.reason, sentence=SENTENCES[why.reason], detail=why.detail, skus=why.skus
    )


def begun(order: Order) -> Begun:
    """What the checkout workflow is told when it begins."""
    placed = order.status is Status.PLACED
    undecided: Literal["placed", "rejecting"] = "placed" if placed else "rejecting"
    return Begun(
        status=undecided if order.is_open else "concluded",
        lines=[WantedLine(sku=line.sku, quantity=line.quantity) for line in order.lines if placed],
        amount=order.total,
        payment_token=order.payment_token,
    )
