"""What customers send back of a delivered order, what staff decide of it, and what it is worth.

All returns of an order share a book: what is on its way back or came back already. Whoever asks
or accepts changes the book, so that two at once never take back more than was bought.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from souk.kernel.clock import stamp
from souk.kernel.errors import Conflict, Invalid
from souk.kernel.money import Money, total
from souk.ordering import domain
from souk.ordering.events import ReturnAccepted, ReturnedLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from souk.ordering.domain import Order

WINDOW = timedelta(days=30)
"""For so long after its delivery something of an order can be sent back."""

MAX_RETURNS = 50
"""Of one order, refused ones with them: its book is one row, its list one answer."""


class NotDelivered(Conflict):
    slug = "not-delivered"
    title = "Nothing of this order can be sent back yet"


class WindowOver(Conflict):
    """Member: `until`, when it could be sent back at the latest."""

    slug = "return-window-over"
    title = "It is too late to send this order back"


class TooManyReturns(Conflict):
    slug = "too-many-returns"
    title = "This order has had too many returns"


class NotReturnable(Invalid):
    slug = "not-returnable"
    title = "This cannot be sent back"


class KeyReused(Invalid):
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another return"


class ReturnDecided(Conflict):
    """Member: `decided`, what was."""

    slug = "return-decided"
    title = "This return was decided otherwise"


class ReturnsMoved(Exception):
    """Somebody else changed the return or its order's book between reading and writing."""


class Status(Enum):
    """Where a return stands; refused and refunded ones stay so."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"  # the goods are back, the refund is on its way
    REFUSED = "refused"
    REFUNDED = "refunded"


class Wanted(NamedTuple):
    """A line of what the customer wants to send back."""

    sku: str
    quantity: int


class Wish(NamedTuple):
    """What a customer asks for; `fingerprint` identifies the request body."""

    key: str
    fingerprint: str
    lines: Sequence[Wanted]
    reason: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one SKU that come back; whether to be sold again is known once they are here."""

    sku: str
    quantity: int
    restock: bool | None = None


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel back. `refund` holds `shipping`, what of the order's shipping is given back.

    `decided_by` is the account of staff; `refusal` says why not.
    """

    return_id: str
    order_id: str
    items: list[Item]
    reason: str | None = None
    requested_at: str
    status: Status = Status.REQUESTED
    refund: Money | None = None
    shipping: Money | None = None
    refusal: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    refunded_at: str | None = None
    version: int = 1

    @property
    def pieces(self) -> int:
        return sum(item.quantity for item in self.items)

    def refuse(self, reason: str, by: str, at: str) -> Return:
        """Raises ReturnDecided unless nothing was decided; refused for the same, it stays so."""
        if self.status is Status.REFUSED and self.refusal == reason:
            return self
        self._still_open()
        return self._become(Status.REFUSED, refusal=reason, decided_by=by, decided_at=at)

    def accept(self, restock: Mapping[str, bool], worth: Worth, by: str, at: str) -> Return:
        """Raises ReturnDecided."""
        self._still_open()
        return self._become(
            Status.ACCEPTED,
            items=[replace(item, restock=restock[item.sku]) for item in self.items],
            refund=worth.refund,
            shipping=worth.shipping,
            decided_by=by,
            decided_at=at,
        )

    def was_accepted_with(self, restock: Mapping[str, bool]) -> bool:
        decided = {item.sku: item.restock for item in self.items}
        return self.status in (Status.ACCEPTED, Status.REFUNDED) and decided == dict(restock)

    def refunded(self, at: str) -> Return:
        """Only what was accepted is refunded; heard again, it stays so."""
        if self.status is not Status.ACCEPTED:
            return self
        return self._become(Status.REFUNDED, refunded_at=at)

    def _still_open(self) -> None:
        if self.status is not Status.REQUESTED:
            decided = self.status.value
            raise ReturnDecided(f"return {self.return_id} is {decided} already", decided=decided)

    def _become(self, status: Status, **changed: object) -> Return:
        return replace(self, status=status, version=self.version + 1, **changed)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A return without its lines, as lists of staff show it."""

    return_id: str
    order_id: str
    status: Status
    pieces: int
    requested_at: str
    decided_at: str | None = None
    refund: Money | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A return that was asked for, and the body it was asked with."""

    return_id: str
    fingerprint: str


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """An order's returns: `asked` by Idempotency-Key, pieces `taken` by SKU, without what was
    refused, and how many pieces were accepted, `back`. `version` 0 was never written.
    """

    order_id: str
    asked: dict[str, Asked] = {}
    taken: dict[str, int] = {}
    back: int = 0
    version: int = 0

    def known(self, wish: Wish) -> str | None:
        """The return the key was used for before. Raises KeyReused for another body."""
        asked = self.asked.get(wish.key)
        if asked is None:
            return None
        if asked.fingerprint != wish.fingerprint:
            raise KeyReused("this Idempotency-Key was used with another body; make a new key")
        return asked.return_id

    def ask(self, order: Order, wish: Wish, return_id: str, now: datetime) -> tuple[Book, Return]:
        """Raises NotDelivered, WindowOver, TooManyReturns, or NotReturnable."""
        _in_time(order, now)
        if len(self.asked) >= MAX_RETURNS:
            raise TooManyReturns(f"an order can have {MAX_RETURNS} returns; please write to us")
        self._only_what_is_left(order, wish.lines)
        asked = Asked(return_id=return_id, fingerprint=wish.fingerprint)
        taken = {line.sku: self.taken.get(line.sku, 0) + line.quantity for line in wish.lines}
        wanted = Return(
            return_id=return_id,
            order_id=self.order_id,
            items=[Item(sku=line.sku, quantity=line.quantity) for line in wish.lines],
            reason=wish.reason,
            requested_at=stamp(now),
        )
        after = self._become(asked={**self.asked, wish.key: asked}, taken={**self.taken, **taken})
        return after, wanted

    def refuse(self, refused: Return) -> Book:
        """What was refused can be asked for again."""
        less = {item.sku: self.taken[item.sku] - item.quantity for item in refused.items}
        return self._become(taken={**self.taken, **less})

    def accept(self, accepted: Return) -> Book:
        return self._become(back=self.back + accepted.pieces)

    def worth(self, order: Order, back: Return) -> Worth:
        """What accepting it gives back: its lines at their prices; and the order's shipping, if
        with it everything that was bought has come back."""
        price = {line.sku: line.unit_price for line in order.lines}
        goods = [price[item.sku].times(item.quantity) for item in back.items]
        bought = sum(line.quantity for line in order.lines)
        is_all = self.back + back.pieces == bought
        shipping = order.shipping if is_all else Money(0, order.total.currency)
        return Worth(total([*goods, shipping], order.total.currency), shipping)

    def _only_what_is_left(self, order: Order, wanted: Sequence[Wanted]) -> None:
        bought = {line.sku: line.quantity for line in order.lines}
        seen: set[str] = set()
        for place, (sku, quantity) in enumerate(wanted):
            if sku in seen:
                raise NotReturnable.field(f"/lines/{place}/sku", f"{sku} is named twice")
            if sku not in bought:
                raise NotReturnable.field(f"/lines/{place}/sku", f"{sku} is not of this order")
            left = bought[sku] - self.taken.get(sku, 0)
            if quantity > left:
                raise NotReturnable.field(
                    f"/lines/{place}/quantity",
                    f"of {sku} {bought[sku]} were bought, and {left} can still be sent back",
                )
            seen.add(sku)

    def _become(self, **changed: object) -> Book:
        return replace(self, version=self.version + 1, **changed)


class Worth(NamedTuple):
    """`refund` is all that is given back, `shipping` the part of it that was paid for sending."""

    refund: Money
    shipping: Money


def accepted_fact(order: Order, accepted: Return) -> ReturnAccepted:
    """What is said of a return that was just accepted."""
    if accepted.refund is None or accepted.decided_at is None:
        raise ValueError(f"return {accepted.return_id} is not accepted")
    return ReturnAccepted(
        order_id=order.order_id,
        owner=order.owner,
        contact_id=order.contact_id,
        return_id=accepted.return_id,
        lines=[
            ReturnedLine(sku=item.sku, quantity=item.quantity, restock=bool(item.restock))
            for item in accepted.items
        ],
        refund=accepted.refund,
        accepted_at=accepted.decided_at,
    )


def each_decided(back: Return, named: Sequence[tuple[str, bool]]) -> dict[str, bool]:
    """By SKU whether it is restocked. Raises Invalid unless each line is named just once."""
    skus = {item.sku for item in back.items}
    found: dict[str, bool] = {}
    for place, (sku, restock) in enumerate(named):
        if sku not in skus or sku in found:
            raise Invalid.field(
                f"/lines/{place}/sku", f"{sku} is not of this return, or named twice"
            )
        found[sku] = restock
    if missing := sorted(skus - found.keys()):
        raise Invalid.field("/lines", f"say of each line whether it is restocked: {missing[0]}")
    return found


def _in_time(order: Order, now: datetime) -> None:
    arrived = next(
        (step.at for step in order.history if step.status is domain.Status.DELIVERED), None
    )
    if arrived is None:
        raise NotDelivered(f"order {order.order_id} is {order.status.value}, not delivered")
    until = datetime.fromisoformat(arrived) + WINDOW
    if now > until:
        raise WindowOver(
            f"it could be sent back until {WINDOW.days} days after its delivery",
            until=stamp(until),
        )
