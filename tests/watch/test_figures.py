"""The watch counts what is in every queue."""

from __future__ import annotations

from souk.edges.routes import Call
from souk.watch import handlers
from tests.watch.fakes import ROOT, FakeQueues

NOBODY = Call(path={}, query={}, headers={})


def test_every_queue_is_counted_under_its_name_on_the_map(queues: FakeQueues) -> None:
    for number in range(9):
        queues.put("Souk-BasketQueue-1", f"fact {number}")
    queues.receive_message(f"{ROOT}Souk-BasketQueue-1", 2)
    queues.put("Souk-BasketDeadLetters-2", "a letter")

    figures = handlers.read_figures(NOBODY)

    counted = {each.id: (each.visible, each.in_flight) for each in figures.items}
    assert counted == {
        "BasketQueue": (7, 2),
        "BasketDeadLetters": (1, 0),
        "BasketUnpublished": (0, 0),
    }
