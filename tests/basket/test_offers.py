"""What baskets learn from catalog and inventory, in whatever order and however often it comes."""

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
from tests.kernel.tables import twin

Fact = ProductListed | PriceChanged | ProductDelisted | StockDepleted | StockReplenished
STEPS = st.lists(st.sampled_from(["priced", "described"]), max_size=5)


def a_story(sku: str, steps: list[str], *, delisted: bool) -> list[Fact]:
    """All that is said of a product from its listing on; its price is 100 x its version."""
    said: list[Fact] = []
    for version, step in enumerate(["described", *steps, *(["delisted"] if delisted else [])], 1):
        told: dict[str, Any] = {
            "sku": sku,
            "name": f"Name {version}",
            "price": pounds(100 * version),
            "weight_grams": version,
            "version": version,
        }
        match step:
            case "described":
                said.append(ProductListed(category="Lamps", **told))
            case "priced":
                said.append(PriceChanged(was=pounds(1), **told))
            case "delisted":
                said.append(ProductDelisted(**told))
    return said


def turns_of_stock(sku: str, number: int) -> list[Fact]:
    """Received, sold out, received again, and so on."""
    kinds = (StockDepleted, StockReplenished)
    return [kinds[turn % 2](sku=sku, turn=turn) for turn in range(1, number + 1)]


def what_it_comes_to(story: list[Fact], turns: int = 0) -> Offer:
    last = story[-1]
    assert isinstance(last, ProductListed | PriceChanged | ProductDelisted)
    return Offer(
        sku=last.sku,
        name=last.name,
        price=last.price,
        weight_grams=last.weight_grams,
        listed=not isinstance(last, ProductDelisted),
        version=last.version,
        sold_out=turns > 0 and turns % 2 == 0,
    )


def hear(baskets: FakeBaskets | StoredBaskets, facts: list[Fact]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "baskets", lambda: baskets)
        for fact in facts:
            handlers.HEARS[type(fact)](fact)


@given(st.data(), STEPS, st.booleans(), st.integers(0, 5))
def test_facts_doubled_late_and_out_of_order_leave_the_same_offer(
    data: st.DataObject, steps: list[str], delisted: bool, turns: int
) -> None:
    story = a_story("LAMP-1", steps, delisted=delisted)
    everything = story + turns_of_stock("LAMP-1", turns)
    doubled = data.draw(st.lists(st.sampled_from(everything), max_size=5))
    baskets = FakeBaskets()

    hear(baskets, data.draw(st.permutations(everything + doubled)))

    assert baskets.offers(["LAMP-1"]) == {"LAMP-1": what_it_comes_to(story, turns)}


@pytest.mark.cloud
@pytest.mark.parametrize("delisted", [True, False])
def test_the_real_table_takes_facts_in_any_order_too(
    request: pytest.FixtureRequest, delisted: bool
) -> None:
    shop = request.getfixturevalue("in_function")
    stories = [
        a_story(f"SKU-{number}", ["priced", "described", "priced"], delisted=delisted)
        for number in range(20)
    ]

    with twin(shop.outputs["BasketTable"]) as table:
        baskets = StoredBaskets(table)
        for story in stories:
            everything = (story + turns_of_stock(story[0].sku, 4)) * 2
            hear(baskets, sample(everything, len(everything)))
        offers = baskets.offers([story[0].sku for story in stories])

    assert offers == {story[0].sku: what_it_comes_to(story, 4) for story in stories}


def test_the_basket_hears_of_prices_and_stock_and_nothing_of_its_own() -> None:
    assert set(handlers.HEARS) == {
        *(ProductListed, PriceChanged, ProductDelisted),
        *(StockDepleted, StockReplenished),
        ShippingPriceChanged,
    }
    assert BasketCheckedOut not in handlers.HEARS
