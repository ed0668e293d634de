"""Ids are UUIDv7: they sort by creation time and cannot be guessed."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.clock import timestamp
from souk.kernel.ids import new_id

MILLISECONDS = st.integers(min_value=0, max_value=2**48 - 1)


def new_id_at(milliseconds: int) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: milliseconds * 1_000_000)
        return new_id()


@given(MILLISECONDS)
def test_an_id_has_version_7_and_the_rfc_variant(milliseconds: int) -> None:
    value = uuid.UUID(new_id_at(milliseconds))

    assert value.version == 7
    assert value.variant == uuid.RFC_4122


@given(MILLISECONDS)
def test_an_id_contains_the_millisecond_of_its_creation(milliseconds: int) -> None:
    value = uuid.UUID(new_id_at(milliseconds))

    assert value.int >> 80 == milliseconds


@given(st.lists(MILLISECONDS, unique=True))
def test_ids_sort_as_text_by_creation_time(moments: list[int]) -> None:
    ids = [new_id_at(moment) for moment in moments]

    assert sorted(ids) == [each for _, each in sorted(zip(moments, ids, strict=True))]


def test_a_thousand_ids_of_one_millisecond_are_distinct() -> None:
    assert len({new_id_at(1) for _ in range(1000)}) == 1000


@given(st.datetimes(min_value=datetime(1970, 1, 1)), st.datetimes(min_value=datetime(1970, 1, 1)))  # noqa: DTZ001  hypothesis needs naive bounds
def test_timestamps_sort_as_text(first: datetime, second: datetime) -> None:
    early, late = sorted([first.replace(tzinfo=UTC), second.replace(tzinfo=UTC)])

    assert timestamp(early) <= timestamp(late)


def test_a_timestamp_is_utc_with_milliseconds() -> None:
    summer = datetime(2026, 7, 1, 13, 5, 9, 123_999, timezone(timedelta(hours=1)))

    assert timestamp(summer) == "2026-07-01T12:05:09.123Z"
