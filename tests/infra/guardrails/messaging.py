"""No message is lost: each failed one is kept in a dead-letter queue, and staff are notified."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.infra.template import Json, Template, reference, statements

if TYPE_CHECKING:
    from collections.abc import Iterator


def dead_letter_queues(template: Template) -> set[str]:
    """The dead-letter queues of all queues, rule targets and triggers."""
    return {
        reference(arn)
        for arn in (
            *(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")
              for queue in template.properties("SQS::Queue").values()),
            *(target.get("DeadLetterConfig", {}).get("Arn")
              for _, target in rule_targets(template)),
            *(failure_destination(trigger) for trigger in triggers(template).values()),
        )
    } - {""}  # fmt: skip


def rule_targets(template: Template) -> Iterator[tuple[str, Json]]:
    for name, rule in template.properties("Events::Rule").items():
        for target in rule["Targets"]:
            yield name, target


def triggers(template: Template) -> dict[str, Json]:
    return template.properties("Lambda::EventSourceMapping")


def failure_destination(trigger: Json) -> Json:
    return trigger.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")


def a_queue_has_a_dead_letter_queue_or_is_one(template: Template) -> Iterator[str]:
    are_dead_letter_queues = dead_letter_queues(template)
    for name, queue in template.properties("SQS::Queue").items():
        has_one = "deadLetterTargetArn" in queue.get("RedrivePolicy", {})
        if name not in are_dead_letter_queues and not has_one:
            yield f"{name} has no dead-letter queue"


def a_rule_target_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    for name, target in rule_targets(template):
        if "DeadLetterConfig" not in target:
            yield f"{name}: its target has no dead-letter queue"


def a_rule_may_send_to_its_queues(template: Template) -> Iterator[str]:
    """Without the permission EventBridge drops events silently."""
    allowed = {
        (reference(resource), reference(source))
        for statement in statements(template)
        if statement.body.get("Principal") == {"Service": "events.amazonaws.com"}
        for resource in statement.values("Resource")
        for source in (statement.body.get("Condition", {}).get("ArnEquals", {}).values())
    }
    for name, target in rule_targets(template):
        for arn in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn")):
            queue = reference(arn)
            if queue in template.properties("SQS::Queue") and (queue, name) not in allowed:
                yield f"{name} may not send to {queue}"


def a_stream_trigger_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    for name, trigger in triggers(template).items():
        if "StartingPosition" not in trigger:
            continue
        if not reference(failure_destination(trigger)):
            yield f"{name} has no dead-letter queue"
        if trigger.get("MaximumRetryAttempts", -1) < 0:
            yield f"{name} retries a failing batch until its records expire"


def a_trigger_reports_each_failed_record(template: Template) -> Iterator[str]:
    for name, trigger in triggers(template).items():
        if trigger.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} loses or repeats all records of a batch if one of them fails"


def a_visibility_timeout_is_six_function_timeouts(template: Template) -> Iterator[str]:
    queues = template.properties("SQS::Queue")
    functions = template.properties("Lambda::Function")
    for trigger in triggers(template).values():
        queue = reference(trigger["EventSourceArn"])
        if queue in queues:
            needed = 6 * functions[reference(trigger["FunctionName"])].get("Timeout", 3)
            if queues[queue].get("VisibilityTimeout", 30) < needed:
                yield f"{queue} has a visibility timeout below {needed} s"


def a_dead_letter_queue_has_one_alarm(template: Template) -> Iterator[str]:
    alarms = Counter(
        reference(dimension["Value"])
        for alarm in template.properties("CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
        for dimension in alarm["Dimensions"]
    )
    for queue in sorted(dead_letter_queues(template)):
        if alarms[queue] != 1:
            yield f"{queue} has {alarms[queue]} alarms"


def an_alarm_notifies_a_topic(template: Template) -> Iterator[str]:
    topics_of_alarms = {
        reference(topic)
        for statement in statements(template)
        if statement.body.get("Principal") == {"Service": "cloudwatch.amazonaws.com"}
        for topic in statement.values("Resource")
    }
    for name, alarm in template.properties("CloudWatch::Alarm").items():
        topics = {reference(action) for action in alarm.get("AlarmActions", ())}
        if not topics or not topics <= topics_of_alarms:
            yield f"{name} notifies nobody"


def the_archive_contains_all_events(template: Template) -> Iterator[str]:
    archived_buses = {
        reference(archive["SourceArn"])
        for archive in template.properties("Events::Archive").values()
        if archive.get("EventPattern") == {"source": [{"prefix": "souk."}]}
    }
    for name in template.properties("Events::EventBus"):
        if name not in archived_buses:
            yield f"{name} has no archive of all events"
