"""The result of a step: a ratio, its confidence interval, and whether the target is met."""

import pytest

from bench.results import StepResult, Target


def result(shop: list[float], floor: list[float], target: Target | None = None) -> StepResult:
    return StepResult("read a product", "ms", shop, floor, target)


def test_the_ratio_is_that_of_the_medians() -> None:
    measured = result([2.0, 3.0, 100.0], [1.0, 2.0, 1000.0])

    assert measured.ratio == 1.5


def test_equal_values_have_an_interval_without_width() -> None:
    assert result([3.0] * 20, [2.0] * 20).interval() == (1.5, 1.5)


def test_the_interval_contains_the_ratio_and_grows_with_the_noise() -> None:
    calm = result([10.0, 10.1, 10.2] * 10, [10.0] * 30)
    noisy = result([5.0, 10.1, 30.0] * 10, [10.0] * 30)

    low, high = calm.interval()

    assert low <= calm.ratio <= high
    assert noisy.interval()[1] - noisy.interval()[0] > high - low


@pytest.mark.parametrize(("maximum", "met"), [(1.5, True), (1.49, False)])
def test_a_target_may_limit_the_ratio_to_the_floor(maximum: float, met: bool) -> None:
    measured = result([3.0], [2.0], Target(maximum))

    assert measured.as_json()["met"] is met


@pytest.mark.parametrize(("maximum", "met"), [(100, True), (99, False)])
def test_a_target_may_limit_the_shop_alone(maximum: float, met: bool) -> None:
    measured = result([100.0], [1.0], Target(maximum, of="shop"))

    assert measured.as_json()["met"] is met


def test_a_step_without_a_target_neither_meets_nor_misses_it() -> None:
    assert result([1.0], [1.0]).as_json()["met"] is None


def test_a_step_without_a_floor_has_a_target_and_no_ratio() -> None:
    measured = StepResult("journey", "ms", [119.0, 121.0, 118.0], (), Target(120, of="shop"))

    as_json = measured.as_json()

    assert not measured.is_compared
    assert as_json["met"] is True
    assert "ratio" not in as_json
