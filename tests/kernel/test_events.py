"""An event travels in an envelope with its id, time and cause."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from souk.basket.events import BasketCheckedOut
from souk.kernel.events import Cause, caused_by, current_cause, parse_event, source_of, to_envelope
from tests.kernel.builders import BellRung, an_event


def envelope_of(event: BellRung) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(msgspec.json.encode(to_envelope(event)))
    return detail


def test_an_envelope_holds_the_event_and_its_cause() -> None:
    with caused_by(Cause("correlation-1", "event-0")):
        detail = envelope_of(BellRung(bell="east", times=2))

    assert detail.pop("id") > "0"
    assert detail.pop("time").endswith("Z")
    assert detail == {
        "correlation_id": "correlation-1",
        "causation_id": "event-0",
        "data": {"bell": "east", "times": 2},
    }


def test_two_events_with_one_correlation_id_have_different_ids() -> None:
    with caused_by(Cause("correlation-1")):
        first, second = envelope_of(BellRung(bell="east")), envelope_of(BellRung(bell="east"))

    assert first["correlation_id"] == second["correlation_id"]
    assert first["id"] != second["id"]


def test_work_without_a_cause_gets_a_new_correlation_id() -> None:
    first, second = current_cause(), current_cause()

    assert first.correlation_id != second.correlation_id
    assert first.causation_id is None


def test_a_cause_ends_with_its_block_even_after_an_error() -> None:
    with caused_by(Cause("outer")):
        with pytest.raises(LookupError), caused_by(Cause("inner")):
            raise LookupError

        assert current_cause() == Cause("outer")


def test_a_parsed_event_is_the_cause_of_what_follows() -> None:
    detail = an_event(bell="east")["detail"]

    event, cause = parse_event(BellRung, detail)

    assert event == BellRung(bell="east")
    assert cause == Cause(correlation_id="correlation-1", causation_id="event-1")


def test_an_unknown_field_is_ignored() -> None:
    event, _ = parse_event(BellRung, an_event(bell="east", colour="brass")["detail"])

    assert event == BellRung(bell="east")


@pytest.mark.parametrize("data", [{"times": 1}, {"bell": 7}, {"bell": "east", "times": "two"}])
def test_a_missing_field_or_one_of_another_type_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        parse_event(BellRung, an_event(**data)["detail"])


def test_the_source_of_an_event_is_the_service_that_declares_it() -> None:
    assert source_of(BasketCheckedOut) == "souk.basket"
