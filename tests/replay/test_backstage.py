"""Ledger and storeroom of a shop as its tables have them, and how a carrier signs."""

from __future__ import annotations

import pytest

from cli.audit.gather import gather
from cli.audit.ledger import scratch
from cli.backstage import figures_in
from cli.replay.backstage import Account, Figures, Shelf
from cli.replay.parcels import signature
from souk.delivery import carrier
from tests.audit.builders import (
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    REJECTED,
    Rows,
    a_shop_of_returns,
    a_sound_shop,
)


def figures(shop: Rows) -> Figures:
    with scratch() as book:
        gather(shop, book)
        return figures_in(book)


def test_an_order_that_is_not_sent_has_goods_and_no_money() -> None:
    found = figures(a_sound_shop())

    assert found.accounts == {CONFIRMED: Account(pieces=2), REJECTED: Account()}
    assert found.shelves == {"LAMP": Shelf(received=10, available=8, sold=2)}


def test_what_came_back_is_neither_sold_nor_kept() -> None:
    found = figures(a_shop_of_returns())

    assert found.accounts[DELIVERED] == Account(captured=4495, refunded=3000, pieces=1)
    assert found.accounts[CANCELLED] == Account(captured=2495, refunded=2495)
    assert found.shelves["RUG"] == Shelf(received=9, available=8, sold=1, came_back=3)
    assert found.shelves["RUG"].balances


@pytest.mark.parametrize("body", [b"{}", '{"event": "é"}'.encode()])
def test_the_carrier_of_a_replay_signs_as_the_shop_wants_it(body: bytes) -> None:
    assert signature(body, "secret", 17) == carrier.sign(body, "secret", 17)
