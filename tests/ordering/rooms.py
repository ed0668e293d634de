"""Inventory and payment as the checkout workflow meets them: in memory, and as promised."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from souk.inventory.commands import (
    Committed,
    CommitStock,
    Released,
    ReleaseStock,
    Reserved,
    ReserveStock,
    Shortage,
)
from souk.payment.commands import Authorization, AuthorizePayment, Voided, VoidPayment

if TYPE_CHECKING:
    from souk.kernel.commands import Does


class PaymentPending(Exception):
    """The provider needs time."""


class PaymentUnknown(Exception):
    """The provider did not answer."""


class FakeInventory:
    """Stock and holds; whatever was released stays so."""

    def __init__(self, **available: int) -> None:
        self.available = Counter(available)
        self.holds: dict[str, tuple[str, dict[str, int]]] = {}

    @property
    def does(self) -> Does:
        return {ReserveStock: self._reserve, CommitStock: self._commit, ReleaseStock: self._release}

    def status(self, order_id: str) -> str:
        return self.holds.get(order_id, ("none", {}))[0]

    def lapse(self, order_id: str) -> None:
        """The lease ends; only what is released is final."""
        if self.status(order_id) == "reserved":
            self.available.update(self.holds[order_id][1])
            self.holds[order_id] = ("lapsed", {})

    def _reserve(self, wish: ReserveStock) -> Reserved:
        status = self.status(wish.order_id)
        if status == "released":
            return Reserved(status="released")
        if status in ("reserved", "committed"):
            return Reserved(status="reserved")
        wanted = {line.sku: line.quantity for line in wish.lines}
        short = [
            Shortage(sku=sku, wanted=quantity, available=self.available[sku])
            for sku, quantity in wanted.items()
            if self.available[sku] < quantity
        ]
        if short:
            return Reserved(status="rejected", shortages=short)
        self.available.subtract(wanted)
        self.holds[wish.order_id] = ("reserved", wanted)
        return Reserved(status="reserved")

    def _commit(self, wish: CommitStock) -> Committed:
        status, held = self.holds.get(wish.order_id, ("none", {}))
        if status not in ("reserved", "committed"):
            return Committed(status="lapsed")
        self.holds[wish.order_id] = ("committed", held)
        return Committed(status="committed")

    def _release(self, wish: ReleaseStock) -> Released:
        self.available.update(self.holds.get(wish.order_id, ("none", {}))[1])
        self.holds[wish.order_id] = ("released", {})
        return Released()


class FakePayment:
    """What is set aside by order; what the provider does is told by the token."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        self.settled = False
        """At last the provider says yes to `tok_never`, too."""
        self._asked: Counter[str] = Counter()

    @property
    def does(self) -> Does:
        return {AuthorizePayment: self._authorize, VoidPayment: self._void}

    def _authorize(self, wish: AuthorizePayment) -> Authorization:
        known = self.status.get(wish.order_id)
        if known in ("authorized", "voided"):
            return Authorization(status="voided" if known == "voided" else "authorized")
        self._asked[wish.order_id] += 1
        match wish.payment_token:
            case "tok_declined":
                return Authorization(status="declined", reason="insufficient-funds")
            case "tok_never" if not self.settled:
                raise PaymentPending("ask again later")
            case "tok_slow" if self._asked[wish.order_id] < 4:
                raise PaymentPending("ask again later")
            case "tok_timeout" if self._asked[wish.order_id] < 3:
                raise PaymentUnknown("ask again later")
        self.status[wish.order_id] = "authorized"
        return Authorization(status="authorized")

    def _void(self, wish: VoidPayment) -> Voided:
        self.status[wish.order_id] = "voided"
        return Voided()
