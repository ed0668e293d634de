"""Staff see how many messages each queue holds."""

from __future__ import annotations

from souk.operations import handlers
from souk.runtime.routes import Request
from tests.operations.fakes import ROOT, FakeQueues

REQUEST = Request(path={}, query={}, headers={})


def test_every_queue_is_counted_under_its_logical_id(queues: FakeQueues) -> None:
    for number in range(9):
        queues.put("Souk-BasketQueue-1", f"event {number}")
    queues.receive_message(f"{ROOT}Souk-BasketQueue-1", 2)
    queues.put("Souk-BasketDeadLetters-2", "a dead letter")

    depths = handlers.list_queue_depths(REQUEST)

    assert {each.id: (each.visible, each.in_flight) for each in depths.items} == {
        "BasketQueue": (7, 2),
        "BasketDeadLetters": (1, 0),
        "BasketUnpublished": (0, 0),
    }
