"""The operations service knows all queues and has only the permissions that it needs on each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.infra.template import reference, statements

if TYPE_CHECKING:
    from tests.infra.template import Template

MAX_ENVIRONMENT_BYTES = 4096  # of a function, on AWS


def operations_environment(template: Template) -> dict[str, Any]:
    functions = template.properties("Lambda::Function")
    (function,) = (
        each for each in functions.values() if each["Handler"].startswith("souk.operations.")
    )
    return dict(function["Environment"]["Variables"])


def test_operations_knows_every_queue(template: Template) -> None:
    queues = str(operations_environment(template)["QUEUES"])

    for queue in template.properties("SQS::Queue"):
        assert f'"{queue}' in queues


def test_the_queue_names_fit_into_the_environment(template: Template) -> None:
    name_overhead = len("Souk-prod--0123456789ab")  # what AWS adds to a logical id
    size = sum(2 * len(queue) + name_overhead + 6 for queue in template.properties("SQS::Queue"))
    size += len(operations_environment(template)["DEAD_LETTER_QUEUES"])

    assert size < MAX_ENVIRONMENT_BYTES - 500


def event_queues(template: Template) -> dict[str, str]:
    """The event queues, by their dead-letter queues."""
    return {
        reference(queue["RedrivePolicy"]["deadLetterTargetArn"]): name
        for name, queue in template.properties("SQS::Queue").items()
        if "RedrivePolicy" in queue
    }


def test_operations_knows_which_dead_letters_can_be_redriven(template: Template) -> None:
    sources = json.loads(operations_environment(template)["DEAD_LETTER_QUEUES"])
    sources_of = event_queues(template)

    assert set(sources) == set(template.properties("SQS::Queue")) - set(sources_of.values())
    assert {dead: source for dead, source in sources.items() if source} == sources_of


def test_operations_reads_dead_letters_and_moves_them_back_only(template: Template) -> None:
    queues = set(template.properties("SQS::Queue"))
    sources_of = event_queues(template)
    allowed: dict[str, set[str]] = {}
    for statement in statements(template):
        if statement.resource.startswith("OperationsApi"):
            resources = set(map(reference, statement.values("Resource")))
            for action in statement.values("Action"):
                allowed.setdefault(action, set()).update(resources)

    assert {action: on for action, on in allowed.items() if action.startswith("sqs:")} == {
        "sqs:GetQueueAttributes": queues,
        "sqs:ReceiveMessage": queues - set(sources_of.values()),
        "sqs:DeleteMessage": set(sources_of),
        "sqs:SendMessage": set(sources_of.values()),
    }
