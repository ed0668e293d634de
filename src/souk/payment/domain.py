"""The ledger of one order's payment: what was set aside, taken, let go and given back."""

from __future__ import annotations

from enum import Enum

import msgspec

from souk.kernel.money import Money

NOTHING = Money(0, "XXX")  # ISO 4217 for no currency


class PaymentPending(Exception):
    """The provider needs time; ask again later."""


class PaymentUnknown(Exception):
    """The provider did not answer; ask again, it is never done twice."""


class PaymentMoved(Exception):
    """Somebody else wrote the payment between reading and writing."""


class AlreadyCaptured(Exception):
    """What is taken cannot be voided; it has to be refunded, which a person decides."""


class Status(Enum):
    """Where a payment stands. `asked`: the provider was, or will be, asked; nothing is known."""

    ASKED = "asked"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    VOIDED = "voided"
    CAPTURED = "captured"

    @property
    def is_open(self) -> bool:
        """Whether the provider's last word is still to come."""
        return self in (Status.ASKED, Status.PENDING)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One movement, never changed. `key` makes it once: `authorize`, `refund#<id>`."""

    key: str
    kind: str
    amount: Money
    reference: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """An order's payment and the sums of its entries. It cannot be wrong:

    0 <= refunded <= captured <= authorized <= amount, and nothing both captured and voided.
    """

    order_id: str
    amount: Money
    token: str
    status: Status
    version: int = 1
    reference: str | None = None
    reason: str | None = None
    authorized: int = 0
    voided: int = 0
    captured: int = 0
    refunded: int = 0

    def __post_init__(self) -> None:
        ordered = 0 <= self.refunded <= self.captured <= self.authorized <= self.amount.amount
        if not ordered or self.captured + self.voided > self.authorized:
            raise ValueError(f"the sums of payment {self.order_id} cannot be: {self}")

    def found(self, status: Status, reference: str, reason: str | None = None) -> Payment:
        """As the provider told it: pending, authorized or declined."""
        return self._next(
            status=status,
            reference=reference,
            reason=reason,
            authorized=self.amount.amount if status is Status.AUTHORIZED else 0,
        )

    def void(self) -> Payment:
        return self._next(status=Status.VOIDED, voided=self.authorized)

    def capture(self) -> Payment:
        return self._next(status=Status.CAPTURED, captured=self.authorized)

    def refund(self, amount: int) -> Payment:
        """Raises ValueError for more than is left of what was captured."""
        return self._next(refunded=self.refunded + amount)

    def entry(self, key: str, amount: Money | None = None) -> Entry:
        """A movement of this payment; of all of it unless said otherwise."""
        return Entry(
            key=key,
            kind=key.partition("#")[0],
            amount=amount or self.amount,
            reference=self.reference or "",
        )

    def _next(self, **changes: object) -> Payment:
        return msgspec.structs.replace(self, version=self.version + 1, **changes)


def tombstone(order_id: str) -> Payment:
    """Of a payment that was voided before it was asked for."""
    return Payment(order_id=order_id, amount=NOTHING, token="", status=Status.VOIDED)
