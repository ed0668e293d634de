"""Nothing vanishes: what cannot be handled is kept, and somebody is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.infra.template import Json, Template, referred, statements

if TYPE_CHECKING:
    from collections.abc import Iterator


def dead_letter_queues(template: Template) -> set[str]:
    """The end of each line: where queues, rule targets and triggers put what fails."""
    return {
        referred(place)
        for place in (
            *(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")
              for queue in template.of("SQS::Queue").values()),
            *(target.get("DeadLetterConfig", {}).get("Arn")
              for _, target in rule_targets(template)),
            *(on_failure(trigger) for trigger in triggers(template).values()),
        )
    } - {""}  # fmt: skip


def rule_targets(template: Template) -> Iterator[tuple[str, Json]]:
    for name, rule in template.of("Events::Rule").items():
        for target in rule["Targets"]:
            yield name, target


def triggers(template: Template) -> dict[str, Json]:
    return template.of("Lambda::EventSourceMapping")


def on_failure(trigger: Json) -> Json:
    return trigger.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")


def a_queue_has_a_dead_letter_queue_or_is_one(template: Template) -> Iterator[str]:
    ends = dead_letter_queues(template)
    for name, queue in template.of("SQS::Queue").items():
        if name not in ends and "deadLetterTargetArn" not in queue.get("RedrivePolicy", {}):
            yield f"{name} has no dead-letter queue"


def a_rule_target_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    for name, target in rule_targets(template):
        if "DeadLetterConfig" not in target:
            yield f"{name}: its target has no dead-letter queue"


def a_rule_may_write_to_its_queues(template: Template) -> Iterator[str]:
    """Without the permission EventBridge drops events, and tells nobody."""
    allowed = {
        (referred(resource), referred(source))
        for statement in statements(template)
        if statement.body.get("Principal") == {"Service": "events.amazonaws.com"}
        for resource in statement.said("Resource")
        for source in (statement.body.get("Condition", {}).get("ArnEquals", {}).values())
    }
    for name, target in rule_targets(template):
        for arn in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn")):
            queue = referred(arn)
            if queue in template.of("SQS::Queue") and (queue, name) not in allowed:
                yield f"{name} may not send to {queue}"


def a_stream_trigger_gives_up_into_a_dead_letter_queue(template: Template) -> Iterator[str]:
    for name, trigger in triggers(template).items():
        if "StartingPosition" not in trigger:
            continue
        if not referred(on_failure(trigger)):
            yield f"{name} has no dead-letter queue"
        if trigger.get("MaximumRetryAttempts", -1) < 0:
            yield f"{name} tries one bad batch until the stream forgets it"


def a_trigger_reports_each_failed_record(template: Template) -> Iterator[str]:
    for name, trigger in triggers(template).items():
        if trigger.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} loses or repeats the good records of a batch with a bad one"


def a_message_stays_hidden_for_six_timeouts(template: Template) -> Iterator[str]:
    queues, functions = template.of("SQS::Queue"), template.of("Lambda::Function")
    for trigger in triggers(template).values():
        queue = referred(trigger["EventSourceArn"])
        if queue in queues:
            needed = 6 * functions[referred(trigger["FunctionName"])].get("Timeout", 3)
            if queues[queue].get("VisibilityTimeout", 30) < needed:
                yield f"{queue} shows a message again within {needed} s, while it is worked on"


def a_dead_letter_queue_has_one_alarm(template: Template) -> Iterator[str]:
    alarms = Counter(
        referred(dimension["Value"])
        for alarm in template.of("CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
        for dimension in alarm["Dimensions"]
    )
    for queue in sorted(dead_letter_queues(template)):
        if alarms[queue] != 1:
            yield f"{queue} has {alarms[queue]} alarms"


def an_alarm_reaches_a_topic(template: Template) -> Iterator[str]:
    open_to_alarms = {
        referred(topic)
        for statement in statements(template)
        if statement.body.get("Principal") == {"Service": "cloudwatch.amazonaws.com"}
        for topic in statement.said("Resource")
    }
    for name, alarm in template.of("CloudWatch::Alarm").items():
        topics = {referred(action) for action in alarm.get("AlarmActions", ())}
        if not topics or not topics <= open_to_alarms:
            yield f"{name} wakes nobody"


def the_archive_keeps_every_fact(template: Template) -> Iterator[str]:
    buses = {
        referred(archive["SourceArn"])
        for archive in template.of("Events::Archive").values()
        if archive.get("EventPattern") == {"source": [{"prefix": "souk."}]}
    }
    for name in template.of("Events::EventBus"):
        if name not in buses:
            yield f"{name} has no archive of all facts"
