"""A fact waits in its room's own table until the bus has it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from souk.kernel import outbox
from souk.kernel.facts import MAX_BYTES, Cause, caused_by
from souk.kernel.items import from_item
from tests.kernel.builders import BellRung, LampLit


def rows(*facts: BellRung | LampLit) -> list[dict[str, Any]]:
    return [from_item(action["Put"]["Item"]) for action in outbox.puts("table", *facts)]


def test_a_row_holds_all_the_relay_must_say() -> None:
    with caused_by(Cause("journey-1")):
        (row,) = rows(BellRung(bell="east"))

    detail = json.loads(row["detail"])
    assert row == {
        "pk": row["pk"],
        "sk": detail["id"],
        "source": "tests.kernel",
        "type": "BellRung",
        "detail": row["detail"],
        "at": detail["time"],
    }
    assert detail["correlation_id"] == "journey-1"
    assert detail["data"] == {"bell": "east", "times": 1}


def test_every_fact_is_an_action_of_the_rooms_own_table() -> None:
    bell, lamp = outbox.puts("ordering", BellRung(bell="east"), LampLit(lamp="blue"))

    assert bell["Put"]["TableName"] == lamp["Put"]["TableName"] == "ordering"
    assert lamp["Put"]["Item"]["type"] == {"S": "LampLit"}


def test_rows_are_spread_over_all_partitions_and_no_other() -> None:
    spread = Counter(row["pk"] for row in rows(*[BellRung(bell="east")] * 800))

    assert sorted(spread) == sorted(outbox.partitions())
    assert max(spread.values()) < 200


def test_a_fact_as_large_as_the_bus_takes_is_kept() -> None:
    (small,) = rows(BellRung(bell=""))
    room = MAX_BYTES - len(small["detail"])

    (row,) = rows(BellRung(bell="b" * room))

    assert len(row["detail"].encode()) == MAX_BYTES


@pytest.mark.parametrize("letter", ["b", "é"])
def test_a_fact_the_bus_would_not_take_is_refused_before_it_is_stored(letter: str) -> None:
    bytes_each = len(letter.encode())

    with pytest.raises(ValueError, match=r"BellRung of .* is too large"):
        outbox.puts("table", BellRung(bell=letter * (MAX_BYTES // bytes_each)))
