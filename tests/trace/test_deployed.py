"""The trace of an order of the running shop."""

from __future__ import annotations

from typing import Any

import pytest

from cli.trace import AwsShop, UnknownOrder, as_json, load_trace
from local.cloud import STACK
from local.shop import RunningShop
from tests.journeys.visitor import Guest, wait_until
from tests.timeline.test_deployed import has_entry, place_order

pytestmark = pytest.mark.cloud


def test_an_order_is_traced_from_the_click_to_the_confirmation(shop: RunningShop) -> None:
    guest = Guest(shop)
    order_id = place_order(shop, guest)
    wait_until("confirmed", lambda: has_entry(guest, order_id, "confirmed"))

    def traced_events() -> Any:
        """The events, once the workflow's last step is among them."""
        events = as_json(load_trace(AwsShop(shop.session(), STACK), order_id))["events"]
        names = {step["name"] for event in events for step in event["steps"]}
        return events if "ConfirmOrder" in names else []

    events = wait_until("the workflow's end", traced_events)

    functions = {line["function"] for event in events for line in event["lines"]}
    steps = [step["name"] for event in events for step in event["steps"]]
    assert (events[0]["event"], events[-1]["event"]) == ("BasketCheckedOut", "OrderConfirmed")
    assert functions >= {"basket-api", "ordering-consumer", "inventory-commands"}
    assert steps == [
        "StartCheckout",
        "ReserveStock",
        "AuthorizePayment",
        "CommitStock",
        "ConfirmOrder",
    ]


def test_an_order_that_does_not_exist_is_unknown(shop: RunningShop) -> None:
    with pytest.raises(UnknownOrder):
        load_trace(AwsShop(shop.session(), STACK), "no-such-order")
