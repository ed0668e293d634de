"""The basket's offers follow the events of catalog and inventory, in any order and repeated."""

from __future__ import annotations

from random import sample
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.basket import handlers
from souk.basket.domain import Offer
from souk.basket.events import BasketCheckedOut
from souk.catalog.events import PriceChanged, ProductDelisted, ProductListed
from souk.delivery.events import ShippingPriceChanged
from souk.inventory.events import StockDepleted, StockReplenished
from tests.basket.builders import pounds
from tests.basket.fakes import FakeBaskets, StoredBaskets
from tests.kernel.tables import temporary_table

Event = ProductListed | PriceChanged | ProductDelisted | StockDepleted | StockReplenished
STEPS = st.lists(st.sampled_from(["price", "details"]), max_size=5)


def product_events(sku: str, steps: list[str], *, delisted: bool) -> list[Event]:
    """All events of a product from its listing on. Its price is 100 times its version."""
    events: list[Event] = []
    for version, step in enumerate(["details", *steps, *(["delisting"] if delisted else [])], 1):
        fields: dict[str, Any] = {
            "sku": sku,
            "name": f"Name {version}",
            "price": pounds(100 * version),
            "weight_grams": version,
            "version": version,
        }
        match step:
            case "details":
                events.append(ProductListed(category="Lamps", **fields))
            case "price":
                events.append(PriceChanged(previous_price=pounds(1), **fields))
            case "delisting":
                events.append(ProductDelisted(**fields))
    return events


def stock_events(sku: str, count: int) -> list[Event]:
    """Replenished, depleted, replenished again, and so on."""
    event_types = (StockDepleted, StockReplenished)
    return [
        event_types[version % 2](sku=sku, availability_version=version)
        for version in range(1, count + 1)
    ]


def expected_offer(events: list[Event], stock_event_count: int = 0) -> Offer:
    last = events[-1]
    assert isinstance(last, ProductListed | PriceChanged | ProductDelisted)
    return Offer(
        sku=last.sku,
        name=last.name,
        price=last.price,
        weight_grams=last.weight_grams,
        listed=not isinstance(last, ProductDelisted),
        version=last.version,
        sold_out=stock_event_count > 0 and stock_event_count % 2 == 0,
    )


def handle_events(baskets: FakeBaskets | StoredBaskets, events: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "baskets", lambda: baskets)
        for event in events:
            handlers.SUBSCRIPTIONS[type(event)](event)


@given(st.data(), STEPS, st.booleans(), st.integers(0, 5))
def test_events_repeated_late_and_out_of_order_result_in_the_same_offer(
    data: st.DataObject, steps: list[str], delisted: bool, stock_event_count: int
) -> None:
    of_product = product_events("LAMP-1", steps, delisted=delisted)
    events = of_product + stock_events("LAMP-1", stock_event_count)
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=5))
    baskets = FakeBaskets()

    handle_events(baskets, data.draw(st.permutations(events + repeated)))

    assert baskets.get_offers(["LAMP-1"]) == {
        "LAMP-1": expected_offer(of_product, stock_event_count)
    }


@pytest.mark.cloud
@pytest.mark.parametrize("delisted", [True, False])
def test_the_real_table_handles_events_in_any_order_too(
    request: pytest.FixtureRequest, delisted: bool
) -> None:
    shop = request.getfixturevalue("lambda_env")
    events_by_product = [
        product_events(f"SKU-{number}", ["price", "details", "price"], delisted=delisted)
        for number in range(20)
    ]

    with temporary_table(shop.outputs["BasketTable"]) as table:
        baskets = StoredBaskets(table)
        for of_product in events_by_product:
            events = (of_product + stock_events(of_product[0].sku, 4)) * 2
            handle_events(baskets, sample(events, len(events)))
        offers = baskets.get_offers([of_product[0].sku for of_product in events_by_product])

    assert offers == {
        of_product[0].sku: expected_offer(of_product, 4) for of_product in events_by_product
    }


def test_the_basket_subscribes_to_prices_and_stock_but_not_to_its_own_events() -> None:
    assert set(handlers.SUBSCRIPTIONS) == {
        *(ProductListed, PriceChanged, ProductDelisted),
        *(StockDepleted, StockReplenished),
        ShippingPriceChanged,
    }
    assert BasketCheckedOut not in handlers.SUBSCRIPTIONS
