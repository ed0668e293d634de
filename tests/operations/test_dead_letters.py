"""Staff read dead-letter messages, and redrive them to their source queue."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.operations import handlers
from souk.runtime import http
from tests.kernel.builders import Response, send_request
from tests.operations.fakes import FakeQueues

call = partial(send_request, http.api_handler(handlers.ROUTES))
DEAD_LETTERS, SOURCE, UNPUBLISHED = (
    "Souk-BasketDeadLetters-2",
    "Souk-BasketQueue-1",
    "Souk-BasketUnpublished-3",
)
DETAIL = {"id": "e-1", "time": "2026-11-29T12:00:00.000Z", "data": {"order_id": "o-1"}}


def call_as_staff(method: str, path: str) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    return call(method, f"/api/staff/dead-letters/{path}", claims=claims)


def list_dead_letters(queue: str = "BasketDeadLetters") -> Any:
    return call_as_staff("GET", queue).body["items"]


def redrive(queue: str = "BasketDeadLetters") -> Response:
    return call_as_staff("POST", f"{queue}/redrive")


def test_reading_a_dead_letter_shows_its_event_and_leaves_it_in_the_queue(
    queues: FakeQueues,
) -> None:
    body = json.dumps({"detail-type": "OrderPlaced", "source": "souk.ordering", "detail": DETAIL})
    queues.put(DEAD_LETTERS, body, Reason="KeyError: 'sku'")

    first, second = list_dead_letters(), list_dead_letters()

    assert (
        first
        == second
        == [
            {
                "reason": "KeyError: 'sku'",
                "event": "OrderPlaced",
                "event_id": "e-1",
                "order_id": "o-1",
                "at": "2026-11-29T12:00:00.000Z",
            }
        ]
    )
    assert queues.hidden == set()


def test_an_event_that_a_relay_could_not_publish_is_shown_too(queues: FakeQueues) -> None:
    row = {"pk": "OUTBOX#1", "type": "OrderPlaced", "detail": json.dumps(DETAIL)}
    queues.put(UNPUBLISHED, json.dumps(row), Reason="MalformedDetail")

    (dead_letter,) = list_dead_letters("BasketUnpublished")

    assert (dead_letter["event"], dead_letter["order_id"]) == ("OrderPlaced", "o-1")


def test_an_event_that_the_bus_could_not_deliver_has_the_reason_of_the_bus(
    queues: FakeQueues,
) -> None:
    queues.put(DEAD_LETTERS, "{}", ERROR_MESSAGE="AccessDenied")

    assert list_dead_letters()[0]["reason"] == "AccessDenied"


@pytest.mark.parametrize("body", ["", "no JSON", "[1]", '"text"', '{"detail": 3, "type": {}}'])
def test_an_unreadable_dead_letter_is_shown_with_null_fields(body: str, queues: FakeQueues) -> None:
    queues.put(DEAD_LETTERS, body)

    (dead_letter,) = list_dead_letters()

    assert set(dead_letter.values()) == {None}


def test_a_redrive_moves_messages_to_their_source_queue(queues: FakeQueues) -> None:
    for number in range(12):
        queues.put(DEAD_LETTERS, f"event {number}")

    response = redrive()

    assert response.body == {"moved": 12}
    assert queues.bodies(SOURCE) == [f"event {number}" for number in range(12)]
    assert queues.bodies(DEAD_LETTERS) == []


def test_one_redrive_moves_at_most_a_hundred_messages(queues: FakeQueues) -> None:
    for number in range(105):
        queues.put(DEAD_LETTERS, f"event {number}")

    assert [redrive().body["moved"] for _ in range(2)] == [100, 5]


def test_a_message_that_fails_again_at_once_is_moved_once_per_redrive(
    queues: FakeQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(DEAD_LETTERS, "an unreadable message")
    send = queues.send_message

    def send_and_fail_again(QueueUrl: str, MessageBody: str) -> None:
        send(QueueUrl, MessageBody)
        queues.put(DEAD_LETTERS, MessageBody)

    monkeypatch.setattr(queues, "send_message", send_and_fail_again)

    assert redrive().body == {"moved": 1}
    assert queues.bodies(DEAD_LETTERS) == ["an unreadable message"]


def test_a_message_that_cannot_be_sent_is_not_deleted(
    queues: FakeQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(DEAD_LETTERS, "event")

    def fail(**_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(queues, "send_message", fail)

    assert redrive().status == 500
    assert queues.bodies(DEAD_LETTERS) == ["event"]


def test_messages_that_came_from_no_queue_cannot_be_redriven(queues: FakeQueues) -> None:
    queues.put(UNPUBLISHED, "{}")

    response = redrive("BasketUnpublished")

    assert (response.status, response.body["type"]) == (409, "/problems/redrive-not-supported")
    assert queues.bodies(UNPUBLISHED) == ["{}"]


@pytest.mark.parametrize("queue", ["BasketQueue", "Nothing"])
def test_only_dead_letter_queues_can_be_read_and_redriven(queue: str, queues: FakeQueues) -> None:
    assert call_as_staff("GET", queue).status == redrive(queue).status == 404


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", "/redrive")])
def test_customers_cannot_use_dead_letter_queues(
    method: str, rest: str, queues: FakeQueues
) -> None:
    path = f"/api/staff/dead-letters/BasketDeadLetters{rest}"

    assert call(method, path, claims={"sub": "ada"}).status == 403
