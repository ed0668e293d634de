"""The trace of an order of the running shop."""

from __future__ import annotations

from typing import Any

import pytest

from cli.trace import AwsShop, UnknownOrder, as_json, trace
from local.cloud import STACK
from local.shop import Running
from tests.journal.test_deployed import an_order, has
from tests.journeys.visitor import Guest, until

pytestmark = pytest.mark.cloud


def test_an_order_is_traced_from_the_click_to_the_confirmation(shop: Running) -> None:
    guest = Guest(shop)
    order_id = an_order(shop, guest)
    until("confirmed", lambda: has(guest, order_id, "confirmed"))

    def traced() -> Any:
        found = as_json(trace(AwsShop(shop.session(), STACK), order_id))["facts"]
        return found if any(s["name"] == "ConfirmOrder" for f in found for s in f["steps"]) else []

    facts = until("the workflow's end", traced)

    functions = {line["function"] for fact in facts for line in fact["lines"]}
    steps = [step["name"] for fact in facts for step in fact["steps"]]
    assert (facts[0]["fact"], facts[-1]["fact"]) == ("BasketCheckedOut", "OrderConfirmed")
    assert functions >= {"basket-api", "ordering-consumer", "inventory-commands"}
    assert steps == ["Begin", "ReserveStock", "AuthorizePayment", "CommitStock", "ConfirmOrder"]


def test_an_order_that_is_not_is_unknown(shop: Running) -> None:
    with pytest.raises(UnknownOrder):
        trace(AwsShop(shop.session(), STACK), "no-such-order")
