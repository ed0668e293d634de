"""What shipping options promise, wherever they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.delivery.shipping import Option, OptionTaken
from souk.kernel.errors import ChangedMeanwhile, NotFound
from tests.delivery.builders import a_rate, an_option

if TYPE_CHECKING:
    from tests.delivery.fakes import FakeOptions, StoredOptions

    Options = FakeOptions | StoredOptions

EXPRESS = an_option("express", a_rate("GB", 795, up_to=2000), a_rate("*", 2995))


def added(options: Options, option: Option = EXPRESS) -> Option:
    options.add(option, option.changed())
    return option


def test_an_option_is_read_as_it_was_offered_and_said(options: Options) -> None:
    added(options)
    added(options, an_option("standard"))

    assert options.get("express") == EXPRESS
    assert [option.option for option in options.all()] == ["express", "standard"]
    assert options.said[0] == EXPRESS.changed()


def test_an_option_never_offered_is_not_found(options: Options) -> None:
    with pytest.raises(NotFound):
        options.get("none")


def test_an_option_is_offered_once(options: Options) -> None:
    added(options)

    with pytest.raises(OptionTaken):
        added(options, an_option("express"))

    assert options.get("express") == EXPRESS
    assert len(options.said) == 1


def test_of_two_who_change_an_option_at_once_the_second_is_refused(options: Options) -> None:
    before = added(options)
    first = before.described("First", [a_rate()], offered=True)
    second = before.described("Second", [a_rate()], offered=False)
    options.save(first, first.changed())

    with pytest.raises(ChangedMeanwhile):
        options.save(second, second.changed())

    assert options.get("express") == first
    assert [fact.version for fact in options.said] == [1, 2]  # type: ignore[attr-defined]


def test_two_rates_for_one_country_and_weight_are_no_option() -> None:
    with pytest.raises(ValueError, match="two rates"):
        an_option("express", a_rate("GB", 1), a_rate("GB", 2))
