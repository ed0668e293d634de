"""Returns of delivered orders: what customers request, what staff decide, what is refunded.

Every request and decision also writes the order's `OrderReturns`, on condition that its version did
not change. Of two concurrent writes the second fails, so no more is returned than was bought.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from souk.kernel.clock import timestamp
from souk.kernel.errors import Conflict, IdempotencyKeyReused, InvalidRequest
from souk.kernel.money import Money, sum_money
from souk.ordering.domain import OrderStatus
from souk.ordering.events import ReturnAccepted, ReturnedLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from souk.ordering.domain import Order

RETURN_WINDOW = timedelta(days=30)
"""Time after delivery in which items can be returned."""

MAX_RETURNS_PER_ORDER = 50
"""Rejected returns count: all returns of an order are one response and one row of the table."""


class OrderNotDelivered(Conflict):
    slug = "order-not-delivered"
    title = "Order not delivered"


class ReturnWindowClosed(Conflict):
    """Member `until`: when the window closed."""

    slug = "return-window-closed"
    title = "Return window closed"


class TooManyReturns(Conflict):
    slug = "too-many-returns"
    title = "Too many returns"


class ItemsNotReturnable(InvalidRequest):
    slug = "items-not-returnable"
    title = "Items not returnable"


class ReturnAlreadyDecided(Conflict):
    """Member `decision`: the status that the return has."""

    slug = "return-already-decided"
    title = "Return already decided"


class ReturnStatus(Enum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"  # the refund is not confirmed by payment yet
    REJECTED = "rejected"
    REFUNDED = "refunded"


class RequestedLine(NamedTuple):
    sku: str
    quantity: int


class RequestedReturn(NamedTuple):
    """What a customer requests. `fingerprint` identifies the request body."""

    idempotency_key: str
    fingerprint: str
    lines: Sequence[RequestedLine]
    reason: str | None = None


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """`restock` is decided on acceptance: True for items that can be sold again."""

    sku: str
    quantity: int
    restock: bool | None = None


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """Items of one order, returned in one parcel.

    `refund` includes `shipping`, the refunded part of the order's shipping. `decided_by` is the
    staff account. `reason` is the customer's, `rejection_reason` the staff's.
    """

    return_id: str
    order_id: str
    lines: list[ReturnLine]
    reason: str | None = None
    requested_at: str
    status: ReturnStatus = ReturnStatus.REQUESTED
    refund: Money | None = None
    shipping: Money | None = None
    rejection_reason: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    refunded_at: str | None = None
    version: int = 1

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    def reject(self, reason: str, by: str, at: str) -> Return:
        """Unchanged when it was rejected for the same reason. Raises ReturnAlreadyDecided."""
        if self.status is ReturnStatus.REJECTED and self.rejection_reason == reason:
            return self
        self._require_undecided()
        return self._transition_to(
            ReturnStatus.REJECTED, rejection_reason=reason, decided_by=by, decided_at=at
        )

    def accept(
        self, restock_by_sku: Mapping[str, bool], refund: RefundAmount, by: str, at: str
    ) -> Return:
        """Raises ReturnAlreadyDecided."""
        self._require_undecided()
        return self._transition_to(
            ReturnStatus.ACCEPTED,
            lines=[replace(line, restock=restock_by_sku[line.sku]) for line in self.lines],
            refund=refund.total,
            shipping=refund.shipping,
            decided_by=by,
            decided_at=at,
        )

    def is_accepted_with(self, restock_by_sku: Mapping[str, bool]) -> bool:
        decided = {line.sku: line.restock for line in self.lines}
        is_accepted = self.status in (ReturnStatus.ACCEPTED, ReturnStatus.REFUNDED)
        return is_accepted and decided == dict(restock_by_sku)

    def mark_refunded(self, at: str) -> Return:
        """Unchanged unless it is accepted and not refunded yet."""
        if self.status is not ReturnStatus.ACCEPTED:
            return self
        return self._transition_to(ReturnStatus.REFUNDED, refunded_at=at)

    def _require_undecided(self) -> None:
        if self.status is not ReturnStatus.REQUESTED:
            decision = self.status.value
            raise ReturnAlreadyDecided(
                f"Return {self.return_id} is already {decision}. The decision cannot be changed.",
                decision=decision,
            )

    def _transition_to(self, status: ReturnStatus, **fields: object) -> Return:
        return replace(self, status=status, version=self.version + 1, **fields)


class ReturnSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A return without its lines, for lists. `quantity` is the sum over the lines."""

    return_id: str
    order_id: str
    status: ReturnStatus
    quantity: int
    requested_at: str
    decided_at: str | None = None
    refund: Money | None = None


class IdempotencyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an Idempotency-Key is bound to: the return and the fingerprint of the request body."""

    return_id: str
    fingerprint: str


class OrderReturns(msgspec.Struct, frozen=True, kw_only=True):
    """All returns of an order.

    `idempotency_records` are by Idempotency-Key. `claimed_by_sku` are the quantities in all returns
    that are not rejected, `accepted_quantity` is the sum over the accepted ones. `version` 0 is not
    stored yet.
    """

    order_id: str
    idempotency_records: dict[str, IdempotencyRecord] = {}
    claimed_by_sku: dict[str, int] = {}
    accepted_quantity: int = 0
    version: int = 0

    def find_repeated(self, request: RequestedReturn) -> str | None:
        """The id of the return that was requested with this key, or None.

        Raises IdempotencyKeyReused when the body was another one.
        """
        record = self.idempotency_records.get(request.idempotency_key)
        if record is None:
            return None
        if record.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used with another body. Send a new key."
            )
        return record.return_id

    def request_return(
        self, order: Order, request: RequestedReturn, return_id: str, now: datetime
    ) -> tuple[OrderReturns, Return]:
        """Raises OrderNotDelivered, ReturnWindowClosed, TooManyReturns, ItemsNotReturnable."""
        _require_within_window(order, now)
        if len(self.idempotency_records) >= MAX_RETURNS_PER_ORDER:
            raise TooManyReturns(
                f"An order can have {MAX_RETURNS_PER_ORDER} returns. Please contact us."
            )
        self._require_returnable(order, request.lines)
        record = IdempotencyRecord(return_id=return_id, fingerprint=request.fingerprint)
        claimed = {
            line.sku: self.claimed_by_sku.get(line.sku, 0) + line.quantity for line in request.lines
        }
        requested = Return(
            return_id=return_id,
            order_id=self.order_id,
            lines=[ReturnLine(sku=line.sku, quantity=line.quantity) for line in request.lines],
            reason=request.reason,
            requested_at=timestamp(now),
        )
        updated = self._update(
            idempotency_records={**self.idempotency_records, request.idempotency_key: record},
            claimed_by_sku={**self.claimed_by_sku, **claimed},
        )
        return updated, requested

    def reject(self, rejected: Return) -> OrderReturns:
        """The rejected items can be requested again."""
        claimed = {
            line.sku: self.claimed_by_sku[line.sku] - line.quantity for line in rejected.lines
        }
        return self._update(claimed_by_sku={**self.claimed_by_sku, **claimed})

    def accept(self, accepted: Return) -> OrderReturns:
        return self._update(accepted_quantity=self.accepted_quantity + accepted.quantity)

    def compute_refund(self, order: Order, return_: Return) -> RefundAmount:
        """The refund of accepting `return_`: the items at the prices paid.

        The return that completes the order, so that all items have come back, also refunds the
        shipping.
        """
        prices = {line.sku: line.unit_price for line in order.lines}
        items = [prices[line.sku].times(line.quantity) for line in return_.lines]
        bought = sum(line.quantity for line in order.lines)
        is_complete = self.accepted_quantity + return_.quantity == bought
        shipping = order.shipping if is_complete else Money(0, order.total.currency)
        return RefundAmount(sum_money([*items, shipping], order.total.currency), shipping)

    def _require_returnable(self, order: Order, lines: Sequence[RequestedLine]) -> None:
        bought_by_sku = {line.sku: line.quantity for line in order.lines}
        seen: set[str] = set()
        for index, (sku, quantity) in enumerate(lines):
            if sku in seen:
                raise ItemsNotReturnable.field(
                    f"/lines/{index}/sku", f"{sku} appears twice. Send one line per SKU."
                )
            if sku not in bought_by_sku:
                raise ItemsNotReturnable.field(
                    f"/lines/{index}/sku", f"{sku} is not part of this order."
                )
            bought = bought_by_sku[sku]
            returnable = bought - self.claimed_by_sku.get(sku, 0)
            if quantity > returnable:
                raise ItemsNotReturnable.field(
                    f"/lines/{index}/quantity",
                    f"{bought} of {sku} were bought, {returnable} of them can still be returned.",
                )
            seen.add(sku)

    def _update(self, **fields: object) -> OrderReturns:
        return replace(self, version=self.version + 1, **fields)


class RefundAmount(NamedTuple):
    """`total` includes `shipping`, the refunded part of the order's shipping."""

    total: Money
    shipping: Money


def accepted_event(order: Order, accepted: Return) -> ReturnAccepted:
    """Raises ValueError when the return is not accepted."""
    if accepted.refund is None or accepted.decided_at is None:
        raise ValueError(f"return {accepted.return_id} is not accepted")
    return ReturnAccepted(
        order_id=order.order_id,
        owner=order.owner,
        contact_id=order.contact_id,
        return_id=accepted.return_id,
        lines=[
            ReturnedLine(sku=line.sku, quantity=line.quantity, restock=bool(line.restock))
            for line in accepted.lines
        ],
        refund=accepted.refund,
        accepted_at=accepted.decided_at,
    )


def collect_restock_decisions(
    return_: Return, decisions: Sequence[tuple[str, bool]]
) -> dict[str, bool]:
    """`restock` by SKU. Raises InvalidRequest unless each line is decided exactly once."""
    skus = {line.sku for line in return_.lines}
    restock_by_sku: dict[str, bool] = {}
    for index, (sku, restock) in enumerate(decisions):
        if sku not in skus or sku in restock_by_sku:
            raise InvalidRequest.field(
                f"/lines/{index}/sku", f"{sku} is not part of this return, or appears twice."
            )
        restock_by_sku[sku] = restock
    if missing := sorted(skus - restock_by_sku.keys()):
        raise InvalidRequest.field("/lines", f"Decide for each line: {missing[0]} is missing.")
    return restock_by_sku


def _require_within_window(order: Order, now: datetime) -> None:
    delivered_at = next(
        (change.at for change in order.history if change.status is OrderStatus.DELIVERED), None
    )
    if delivered_at is None:
        raise OrderNotDelivered(
            f"Order {order.order_id} is {order.status.value}. Items can be returned after delivery."
        )
    until = datetime.fromisoformat(delivered_at) + RETURN_WINDOW
    if now > until:
        raise ReturnWindowClosed(
            f"Items can be returned until {RETURN_WINDOW.days} days after delivery.",
            until=timestamp(until),
        )
