"""A fact travels in an envelope that tells where it comes from."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from souk.basket.events import BasketCheckedOut
from souk.kernel.facts import Cause, caused_by, current_cause, envelope, read, source
from tests.kernel.builders import BellRung, an_event


def sealed(fact: BellRung) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(msgspec.json.encode(envelope(fact)))
    return detail


def test_an_envelope_holds_the_fact_and_where_it_comes_from() -> None:
    with caused_by(Cause("journey-1", "fact-0")):
        detail = sealed(BellRung(bell="east", times=2))

    assert detail.pop("id") > "0"
    assert detail.pop("time").endswith("Z")
    assert detail == {
        "correlation_id": "journey-1",
        "causation_id": "fact-0",
        "data": {"bell": "east", "times": 2},
    }


def test_two_facts_of_one_journey_have_ids_of_their_own() -> None:
    with caused_by(Cause("journey-1")):
        one, other = sealed(BellRung(bell="east")), sealed(BellRung(bell="east"))

    assert one["correlation_id"] == other["correlation_id"]
    assert one["id"] != other["id"]


def test_work_nobody_asked_for_is_a_journey_of_its_own() -> None:
    one, other = current_cause(), current_cause()

    assert one.correlation_id != other.correlation_id
    assert one.causation_id is None


def test_a_cause_ends_with_its_work_even_when_that_fails() -> None:
    with caused_by(Cause("outer")):
        with pytest.raises(LookupError), caused_by(Cause("inner")):
            raise LookupError

        assert current_cause() == Cause("outer")


def test_what_follows_upon_a_fact_names_it_as_its_cause() -> None:
    detail = an_event(bell="east")["detail"]

    fact, cause = read(BellRung, detail)

    assert fact == BellRung(bell="east")
    assert cause == Cause(correlation_id="journey-1", causation_id="fact-1")


def test_a_field_this_room_does_not_know_is_ignored() -> None:
    fact, _ = read(BellRung, an_event(bell="east", colour="brass")["detail"])

    assert fact == BellRung(bell="east")


@pytest.mark.parametrize("data", [{"times": 1}, {"bell": 7}, {"bell": "east", "times": "two"}])
def test_a_field_missing_or_of_another_kind_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(BellRung, an_event(**data)["detail"])


def test_a_fact_is_said_by_the_room_its_class_stands_in() -> None:
    assert source(BasketCheckedOut) == "souk.basket"
