"""Money as an integer of minor units, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from souk.kernel.patterns import END_OF_TEXT

Currency = Annotated[
    str, msgspec.Meta(pattern="^[A-Z]{3}" + END_OF_TEXT, description="ISO 4217 code")
]


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units (pence, cents) of one currency."""

    amount: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        """Raises ValueError when the currencies differ."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def times(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero `currency` for no amounts. Raises ValueError when the currencies differ."""
    return sum(amounts, start=Money(0, currency))
