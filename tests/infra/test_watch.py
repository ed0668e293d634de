"""The watch is told of every queue there is, and may only count what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.infra.template import referred, statements

if TYPE_CHECKING:
    from tests.infra.template import Template

MOST_BYTES = 4096
"""Of a function's environment, on AWS."""


def watch(template: Template) -> dict[str, Any]:
    functions = template.of("Lambda::Function")
    (found,) = (each for each in functions.values() if each["Handler"].startswith("souk.watch."))
    return dict(found["Environment"]["Variables"])


def test_the_watch_knows_every_queue(template: Template) -> None:
    told = str(watch(template)["QUEUES"])

    for queue in template.of("SQS::Queue"):
        assert f'"{queue}' in told


def test_what_the_watch_is_told_fits_into_its_environment(template: Template) -> None:
    names = len("Souk-prod--0123456789ab")  # what AWS adds to a logical id
    needed = sum(2 * len(queue) + names + 6 for queue in template.of("SQS::Queue"))

    assert needed < MOST_BYTES - 500


def test_the_watch_may_count_and_nothing_else(template: Template) -> None:
    allowed = [
        each
        for each in statements(template)
        if each.where.startswith("WatchApi") and "sqs:" in str(each.said("Action"))
    ]

    assert {str(action) for each in allowed for action in each.said("Action")} == {
        "sqs:GetQueueAttributes"
    }
    assert {referred(resource) for each in allowed for resource in each.said("Resource")} == set(
        template.of("SQS::Queue")
    )
