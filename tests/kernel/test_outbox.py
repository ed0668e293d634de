"""An event is a row of its service's own table until it is published."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from souk.kernel import outbox
from souk.kernel.events import MAX_EVENT_BYTES, Cause, caused_by
from souk.kernel.items import from_item
from tests.kernel.builders import BellRung, LampLit


def rows(*events: BellRung | LampLit) -> list[dict[str, Any]]:
    return [from_item(action["Put"]["Item"]) for action in outbox.put_actions("table", *events)]


def test_a_row_holds_everything_the_relay_publishes() -> None:
    with caused_by(Cause("correlation-1")):
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
    assert detail["correlation_id"] == "correlation-1"
    assert detail["data"] == {"bell": "east", "times": 1}


def test_every_event_is_one_action_on_the_services_own_table() -> None:
    bell, lamp = outbox.put_actions("ordering", BellRung(bell="east"), LampLit(lamp="blue"))

    assert bell["Put"]["TableName"] == lamp["Put"]["TableName"] == "ordering"
    assert lamp["Put"]["Item"]["type"] == {"S": "LampLit"}


def test_rows_are_spread_over_all_partitions() -> None:
    counts = Counter(row["pk"] for row in rows(*[BellRung(bell="east")] * 800))

    assert sorted(counts) == sorted(outbox.partitions())
    assert max(counts.values()) < 200


def test_an_event_of_the_maximum_size_is_stored() -> None:
    (small,) = rows(BellRung(bell=""))
    free_bytes = MAX_EVENT_BYTES - len(small["detail"])

    (row,) = rows(BellRung(bell="b" * free_bytes))

    assert len(row["detail"].encode()) == MAX_EVENT_BYTES


@pytest.mark.parametrize("character", ["b", "é"])
def test_an_event_that_is_too_large_is_refused_before_it_is_stored(character: str) -> None:
    size_bytes = len(character.encode())

    with pytest.raises(ValueError, match=r"BellRung of .* is too large"):
        outbox.put_actions("table", BellRung(bell=character * (MAX_EVENT_BYTES // size_bytes)))
