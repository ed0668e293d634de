"""What shipping costs: one flat price, until the delivery room announces its own."""

from __future__ import annotations

from souk.kernel.money import Money

FLAT_PRICE = 495  # minor units


def options(currency: str) -> dict[str, Money]:
    """Price by option id."""
    return {"standard": Money(FLAT_PRICE, currency)}
