"""Amounts of money as integers of minor units, never floats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from souk.kernel.patterns import END

Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}" + END, description="ISO 4217 code")]


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units (pence, cents) of one ISO 4217 currency."""

    amount: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        """Raises ValueError when the currencies differ: there is no exchange here."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def times(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` when there is nothing to add."""
    return sum(amounts, start=Money(0, currency))
