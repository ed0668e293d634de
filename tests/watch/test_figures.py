"""The watch counts what is in every queue, and can do nothing else with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from souk.edges.routes import Call
from souk.kernel import aws
from souk.watch import handlers

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = Call(path={}, query={}, headers={})


class FakeQueues:
    """Stands for SQS; knows how much is in each queue."""

    def __init__(self, waiting: dict[str, tuple[int, int]]) -> None:
        self.waiting = waiting

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        counts = map(str, self.waiting[QueueUrl])
        return {"Attributes": dict(zip(AttributeNames, counts, strict=True))}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    names = {"BasketQueue": "Souk-BasketQueue-1", "BasketDeadLetters": "Souk-BasketDeadLetters-2"}
    monkeypatch.setenv("QUEUES", json.dumps(names))
    monkeypatch.setenv("QUEUE_URL", "https://sqs/1234/Souk-BasketDeadLetters-2")
    forget()
    yield
    forget()


def forget() -> None:
    handlers.settings.cache_clear()
    handlers.urls.cache_clear()


def test_every_queue_is_counted_under_its_name_on_the_map(
    told: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = FakeQueues(
        {
            "https://sqs/1234/Souk-BasketQueue-1": (7, 2),
            "https://sqs/1234/Souk-BasketDeadLetters-2": (1, 0),
        }
    )
    monkeypatch.setattr(aws, "sqs", lambda: fakes)

    figures = handlers.read_figures(NOBODY)

    counted = {each.id: (each.visible, each.in_flight) for each in figures.items}
    assert counted == {"BasketQueue": (7, 2), "BasketDeadLetters": (1, 0)}
