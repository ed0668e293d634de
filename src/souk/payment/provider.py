"""The port to whoever moves the money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from souk.kernel.errors import Refusal
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class BadSignature(Refusal):
    status = 400
    slug = "bad-signature"
    title = "This did not come from the provider"


class NoAnswer(Exception):
    """The provider did not answer: whether it did what it was asked is unknown. Ask it."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How a payment stands at the provider; `reason` why it was declined, as a slug."""

    order_id: str
    status: Literal["pending", "authorized", "declined", "voided", "captured"]
    reference: str
    amount: Money
    reason: str | None = None


class Provider(Protocol):
    """Each request carries a key made of the order's id, so that a repeated one is done once.

    Every method raises NoAnswer.
    """

    def authorize(self, order_id: str, amount: Money, token: str) -> Told:
        """Set the amount aside, to be captured or voided later."""

    def find(self, order_id: str, reference: str | None) -> Told | None:
        """The order's payment as the provider has it; None when it knows of none (yet)."""

    def void(self, order_id: str, reference: str) -> None:
        """Let the amount go; of what is voided already, nothing."""

    def capture(self, order_id: str, reference: str) -> None:
        """Take all that is set aside; of what is captured already, nothing."""

    def refund(self, refund_id: str, reference: str, amount: Money) -> None:
        """Give part of what was captured back, once for a refund id."""

    def since(self, moment: int) -> Iterator[Told]:
        """Every payment it began after the moment (Unix seconds)."""

    def order_of(self, body: str, headers: Mapping[str, str]) -> str | None:
        """The order a webhook is about, None if about none; raises BadSignature.

        What else the webhook says is not believed: the provider is asked.
        """
