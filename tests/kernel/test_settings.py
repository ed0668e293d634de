"""A function with missing or invalid settings fails when it starts."""

from __future__ import annotations

import pytest

from souk.kernel.settings import Settings, load


class BellSettings(Settings, frozen=True, kw_only=True):
    tower_name: str
    times: int


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWER_NAME", "east")
    monkeypatch.setenv("TIMES", "3")

    assert load(BellSettings) == BellSettings(tower_name="east", times=3)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMES", "3")
    monkeypatch.delenv("TOWER_NAME", raising=False)

    with pytest.raises(RuntimeError, match=r"invalid environment of the function: .*`TOWER_NAME`"):
        load(BellSettings)


def test_an_invalid_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWER_NAME", "east")
    monkeypatch.setenv("TIMES", "often")

    with pytest.raises(RuntimeError, match=r"Expected `int`.*TIMES"):
        load(BellSettings)
