"""Dead letters are looked at where they lie, and sent back where they came from."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.edges import http
from souk.watch import handlers
from tests.kernel.builders import Response, answer_to
from tests.watch.fakes import FakeQueues

call = partial(answer_to, http.api(handlers.ROUTES))
DEAD, SOURCE, UNPUBLISHED = (
    "Souk-BasketDeadLetters-2",
    "Souk-BasketQueue-1",
    "Souk-BasketUnpublished-3",
)
DETAIL = {"id": "f-1", "time": "2026-11-29T12:00:00.000Z", "data": {"order_id": "o-1"}}


def as_sam(method: str, path: str) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    return call(method, f"/api/staff/dead-letters/{path}", claims=claims)


def looks(queue: str = "BasketDeadLetters") -> Any:
    return as_sam("GET", queue).body["items"]


def redrives(queue: str = "BasketDeadLetters") -> Response:
    return as_sam("POST", f"{queue}/redrive")


def test_a_letter_tells_what_it_is_about_and_stays(queues: FakeQueues) -> None:
    body = json.dumps({"detail-type": "OrderPlaced", "source": "souk.ordering", "detail": DETAIL})
    queues.put(DEAD, body, Reason="KeyError: 'sku'")

    looked, again = looks(), looks()

    assert (
        looked
        == again
        == [
            {
                "reason": "KeyError: 'sku'",
                "fact": "OrderPlaced",
                "fact_id": "f-1",
                "order_id": "o-1",
                "at": "2026-11-29T12:00:00.000Z",
            }
        ]
    )
    assert queues.hidden == set()


def test_a_fact_that_could_not_be_sent_is_told_as_its_relay_kept_it(queues: FakeQueues) -> None:
    kept = {"pk": "OUTBOX#1", "type": "OrderPlaced", "detail": json.dumps(DETAIL)}
    queues.put(UNPUBLISHED, json.dumps(kept), Reason="MalformedDetail")

    (letter,) = looks("BasketUnpublished")

    assert (letter["fact"], letter["order_id"]) == ("OrderPlaced", "o-1")


def test_what_the_bus_gave_up_says_the_bus_s_reason(queues: FakeQueues) -> None:
    queues.put(DEAD, "{}", ERROR_MESSAGE="AccessDenied")

    assert looks()[0]["reason"] == "AccessDenied"


@pytest.mark.parametrize("body", ["", "no JSON", "[1]", '"text"', '{"detail": 3, "type": {}}'])
def test_a_letter_that_says_nothing_is_shown_as_one(body: str, queues: FakeQueues) -> None:
    queues.put(DEAD, body)

    (letter,) = looks()

    assert set(letter.values()) == {None}


def test_letters_go_back_to_the_queue_they_came_out_of(queues: FakeQueues) -> None:
    for number in range(12):
        queues.put(DEAD, f"fact {number}")

    redriven = redrives()

    assert redriven.body == {"moved": 12}
    assert queues.bodies(SOURCE) == [f"fact {number}" for number in range(12)]
    assert queues.bodies(DEAD) == []


def test_one_request_moves_a_hundred_at_most(queues: FakeQueues) -> None:
    for number in range(105):
        queues.put(DEAD, f"fact {number}")

    assert [redrives().body["moved"] for _ in range(2)] == [100, 5]


def test_a_letter_that_comes_straight_back_does_not_go_round_and_round(
    queues: FakeQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(DEAD, "nobody can read this")
    send = queues.send_message

    def fail_again(QueueUrl: str, MessageBody: str) -> None:
        send(QueueUrl, MessageBody)
        queues.put(DEAD, MessageBody)

    monkeypatch.setattr(queues, "send_message", fail_again)

    assert redrives().body == {"moved": 1}
    assert queues.bodies(DEAD) == ["nobody can read this"]


def test_a_letter_that_cannot_be_sent_is_not_deleted(
    queues: FakeQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(DEAD, "fact")

    def fail(**_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(queues, "send_message", fail)

    assert redrives().status == 500
    assert queues.bodies(DEAD) == ["fact"]


def test_what_came_out_of_no_queue_has_no_way_back(queues: FakeQueues) -> None:
    queues.put(UNPUBLISHED, "{}")

    refused = redrives("BasketUnpublished")

    assert (refused.status, refused.body["type"]) == (409, "/problems/no-way-back")
    assert queues.bodies(UNPUBLISHED) == ["{}"]


@pytest.mark.parametrize("queue", ["BasketQueue", "Nothing"])
def test_only_queues_of_dead_letters_are_looked_into(queue: str, queues: FakeQueues) -> None:
    assert as_sam("GET", queue).status == redrives(queue).status == 404


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", "/redrive")])
def test_dead_letters_are_for_staff(method: str, rest: str, queues: FakeQueues) -> None:
    path = f"/api/staff/dead-letters/BasketDeadLetters{rest}"

    assert call(method, path, claims={"sub": "ada"}).status == 403
