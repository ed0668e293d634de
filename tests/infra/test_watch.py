"""The watch is told of every queue there is, and may do with each just what it has to."""

from __future__ import annotations

import json
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
    needed += len(watch(template)["DEAD_LETTERS"])

    assert needed < MOST_BYTES - 500


def pairs(template: Template) -> dict[str, str]:
    """Every queue that gives up into another, by that other one."""
    return {
        referred(queue["RedrivePolicy"]["deadLetterTargetArn"]): name
        for name, queue in template.of("SQS::Queue").items()
        if "RedrivePolicy" in queue
    }


def test_the_watch_knows_which_letters_have_a_way_back(template: Template) -> None:
    told = json.loads(watch(template)["DEAD_LETTERS"])
    inboxes = set(pairs(template).values())

    assert set(told) == set(template.of("SQS::Queue")) - inboxes
    assert {dead: source for dead, source in told.items() if source} == pairs(template)


def test_the_watch_counts_all_reads_what_is_dead_and_sends_it_back_only(template: Template) -> None:
    queues = set(template.of("SQS::Queue"))
    inboxes = set(pairs(template).values())
    allowed: dict[str, set[str]] = {}
    for each in statements(template):
        if each.where.startswith("WatchApi"):
            for action in each.said("Action"):
                allowed.setdefault(action, set()).update(map(referred, each.said("Resource")))

    assert {action: on for action, on in allowed.items() if action.startswith("sqs:")} == {
        "sqs:GetQueueAttributes": queues,
        "sqs:ReceiveMessage": queues - inboxes,
        "sqs:DeleteMessage": set(pairs(template)),
        "sqs:SendMessage": inboxes,
    }
