"""The balances of orders and stock are read from the tables, and webhooks are signed correctly."""

from __future__ import annotations

import pytest

from cli.audit.collect import collect_rows
from cli.audit.database import open_database
from cli.replay.deliveries import sign_webhook
from cli.replay.internals import Balances, OrderBalance, StockBalance
from cli.shop_internals import read_balances
from souk.delivery import carrier
from tests.audit.builders import (
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    REJECTED,
    FakeTables,
    a_shop_with_returns,
    a_sound_shop,
)


def balances(shop: FakeTables) -> Balances:
    with open_database() as database:
        collect_rows(shop, database)
        return read_balances(database)


def test_a_confirmed_order_has_items_and_no_captured_money() -> None:
    found = balances(a_sound_shop())

    assert found.orders == {CONFIRMED: OrderBalance(items=2), REJECTED: OrderBalance()}
    assert found.stock == {"LAMP": StockBalance(received=10, available=8, sold=2)}


def test_returned_items_are_neither_sold_nor_kept_by_the_order() -> None:
    found = balances(a_shop_with_returns())

    assert found.orders[DELIVERED] == OrderBalance(captured=4495, refunded=3000, items=1)
    assert found.orders[CANCELLED] == OrderBalance(captured=2495, refunded=2495)
    assert found.stock["RUG"] == StockBalance(received=9, available=8, sold=1, returned=3)
    assert found.stock["RUG"].is_balanced


@pytest.mark.parametrize("body", [b"{}", '{"event": "é"}'.encode()])
def test_the_replay_signs_webhooks_as_the_shop_expects(body: bytes) -> None:
    assert sign_webhook(body, "secret", 17) == carrier.sign(body, "secret", 17)
