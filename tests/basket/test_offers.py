"""What baskets learn from the catalog's facts, in whatever order and however often they come."""

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
from tests.basket.builders import pounds
from tests.basket.fakes import FakeBaskets, StoredBaskets
from tests.kernel.tables import twin

Fact = ProductListed | PriceChanged | ProductDelisted
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


def what_it_comes_to(story: list[Fact]) -> Offer:
    last = story[-1]
    return Offer(
        sku=last.sku,
        name=last.name,
        price=last.price,
        weight_grams=last.weight_grams,
        listed=not isinstance(last, ProductDelisted),
        version=last.version,
    )


def hear(baskets: FakeBaskets | StoredBaskets, facts: list[Fact]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "baskets", lambda: baskets)
        for fact in facts:
            handlers.HEARS[type(fact)](fact)


@given(st.data(), STEPS, st.booleans())
def test_facts_doubled_late_and_out_of_order_leave_the_same_offer(
    data: st.DataObject, steps: list[str], delisted: bool
) -> None:
    story = a_story("LAMP-1", steps, delisted=delisted)
    doubled = data.draw(st.lists(st.sampled_from(story), max_size=5))
    baskets = FakeBaskets()

    hear(baskets, data.draw(st.permutations(story + doubled)))

    assert baskets.offers(["LAMP-1"]) == {"LAMP-1": what_it_comes_to(story)}


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
            hear(baskets, sample(story * 2, 2 * len(story)))
        offers = baskets.offers([story[0].sku for story in stories])

    assert offers == {story[0].sku: what_it_comes_to(story) for story in stories}


def test_the_basket_hears_what_changes_a_price_and_nothing_of_its_own() -> None:
    assert set(handlers.HEARS) == {ProductListed, PriceChanged, ProductDelisted}
    assert BasketCheckedOut not in handlers.HEARS
