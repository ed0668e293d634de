"""Shipping options, in the fake and in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.delivery.shipping import ShippingOption, ShippingOptionExists
from souk.kernel.errors import NotFound, PreconditionFailed
from tests.delivery.builders import a_rate, an_option

if TYPE_CHECKING:
    from tests.delivery.fakes import FakeShippingOptions, StoredShippingOptions

    ShippingOptions = FakeShippingOptions | StoredShippingOptions

EXPRESS = an_option("express", a_rate("GB", 795, up_to=2000), a_rate("*", 2995))


def add(options: ShippingOptions, option: ShippingOption = EXPRESS) -> ShippingOption:
    options.add(option, option.to_event())
    return option


def test_a_shipping_option_is_read_as_it_was_created(options: ShippingOptions) -> None:
    add(options)
    add(options, an_option("standard"))

    assert options.get("express") == EXPRESS
    assert [option.id for option in options.all()] == ["express", "standard"]
    assert options.published[0] == EXPRESS.to_event()


def test_an_unknown_shipping_option_is_not_found(options: ShippingOptions) -> None:
    with pytest.raises(NotFound):
        options.get("none")


def test_a_shipping_option_is_created_once(options: ShippingOptions) -> None:
    add(options)

    with pytest.raises(ShippingOptionExists):
        add(options, an_option("express"))

    assert options.get("express") == EXPRESS
    assert len(options.published) == 1


def test_of_two_concurrent_updates_the_second_fails(options: ShippingOptions) -> None:
    before = add(options)
    first = before.update("First", [a_rate()], offered=True)
    second = before.update("Second", [a_rate()], offered=False)
    options.save(first, first.to_event())

    with pytest.raises(PreconditionFailed):
        options.save(second, second.to_event())

    assert options.get("express") == first
    assert [event.version for event in options.published] == [1, 2]  # type: ignore[attr-defined]


def test_a_shipping_option_has_one_rate_per_country_and_weight() -> None:
    with pytest.raises(ValueError, match="two rates"):
        an_option("express", a_rate("GB", 1), a_rate("GB", 2))
