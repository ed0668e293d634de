"""Figures: a ratio, its spread, and whether the target is met."""

import pytest

from bench.figures import Figures, Target


def figures(shop: list[float], floor: list[float], target: Target | None = None) -> Figures:
    return Figures("read a product", "ms", shop, floor, target)


def test_the_ratio_is_that_of_the_medians() -> None:
    measured = figures([2.0, 3.0, 100.0], [1.0, 2.0, 1000.0])

    assert measured.ratio == 1.5


def test_equal_samples_leave_no_doubt_about_their_ratio() -> None:
    assert figures([3.0] * 20, [2.0] * 20).spread() == (1.5, 1.5)


def test_the_spread_holds_the_ratio_and_grows_with_the_noise() -> None:
    calm = figures([10.0, 10.1, 10.2] * 10, [10.0] * 30)
    wild = figures([5.0, 10.1, 30.0] * 10, [10.0] * 30)

    low, high = calm.spread()

    assert low <= calm.ratio <= high
    assert wild.spread()[1] - wild.spread()[0] > high - low


@pytest.mark.parametrize(("most", "met"), [(1.5, True), (1.49, False)])
def test_a_step_may_cost_so_many_times_the_floor(most: float, met: bool) -> None:
    measured = figures([3.0], [2.0], Target(most))

    assert measured.as_json()["met"] is met


@pytest.mark.parametrize(("most", "met"), [(100, True), (99, False)])
def test_a_step_may_have_a_limit_of_its_own_whatever_the_floor_does(most: float, met: bool) -> None:
    measured = figures([100.0], [1.0], Target(most, of="shop"))

    assert measured.as_json()["met"] is met


def test_a_step_without_a_target_neither_meets_nor_misses_it() -> None:
    assert figures([1.0], [1.0]).as_json()["met"] is None


def test_a_step_of_the_shop_alone_has_a_limit_and_no_ratio() -> None:
    alone = Figures("journey", "ms", [119.0, 121.0, 118.0], (), Target(120, of="shop"))

    told = alone.as_json()

    assert not alone.compared
    assert told["met"] is True
    assert "ratio" not in told
