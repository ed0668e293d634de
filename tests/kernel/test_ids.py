"""Ids are UUIDs of version 7: they sort by time and cannot be guessed."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.clock import stamp
from souk.kernel.ids import new_id

MILLISECONDS = st.integers(min_value=0, max_value=2**48 - 1)


def made_at(milliseconds: int) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: milliseconds * 1_000_000)
        return new_id()


@given(MILLISECONDS)
def test_an_id_says_which_version_and_variant_it_is(milliseconds: int) -> None:
    made = uuid.UUID(made_at(milliseconds))

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


@given(MILLISECONDS)
def test_an_id_holds_the_millisecond_it_was_made_in(milliseconds: int) -> None:
    made = uuid.UUID(made_at(milliseconds))

    assert made.int >> 80 == milliseconds


@given(st.lists(MILLISECONDS, unique=True))
def test_ids_sort_as_text_by_the_time_they_were_made(moments: list[int]) -> None:
    ids = [made_at(moment) for moment in moments]

    assert sorted(ids) == [made for _, made in sorted(zip(moments, ids, strict=True))]


def test_a_thousand_ids_of_one_millisecond_differ() -> None:
    assert len({made_at(1) for _ in range(1000)}) == 1000


@given(st.datetimes(min_value=datetime(1970, 1, 1)), st.datetimes(min_value=datetime(1970, 1, 1)))  # noqa: DTZ001  hypothesis wants them naive
def test_stamps_sort_as_text(one: datetime, other: datetime) -> None:
    early, late = sorted([one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)])

    assert stamp(early) <= stamp(late)


def test_a_stamp_is_utc_to_the_millisecond() -> None:
    summer = datetime(2026, 7, 1, 13, 5, 9, 123_999, timezone(timedelta(hours=1)))

    assert stamp(summer) == "2026-07-01T12:05:09.123Z"
