"""Templates broken on purpose: for every guardrail, the ways in which it must bite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.infra.guardrails import access, data, delivery, functions

if TYPE_CHECKING:
    from tests.infra.guardrails import Rule
    from tests.infra.template import Json, Template

GONE = object()


class Break(NamedTuple):
    """Sets what is at `path` of one resource to `value`; `+` adds to a list."""

    resource: str  # as written in CDK: a logical id without its hash
    path: str
    value: Json = GONE
    blames: str = ""  # the one the rule names, if it is not the broken one

    def apply(self, template: Template) -> str:
        """Returns the logical id of the offender."""
        name = logical_id(template, self.resource)
        *way, last = self.path.split("/")
        holder: Json = template.resources[name]
        for step in way:
            holder = holder[_key(holder, step)]
        if last == "+":
            holder.append(self.value)
        elif self.value is GONE:
            del holder[_key(holder, last)]
        else:
            holder[_key(holder, last)] = self.value
        return logical_id(template, self.blames) if self.blames else name


class Extra(NamedTuple):
    """Adds a resource."""

    kind: str
    properties: Json = None

    def apply(self, template: Template) -> str:
        template.resources["Extra"] = {
            "Type": f"AWS::{self.kind}",
            "Properties": self.properties or {},
        }
        return "Extra"


class Crowd(NamedTuple):
    """Adds resources until there are this many."""

    number: int

    def apply(self, template: Template) -> str:
        while len(template.resources) < self.number:
            template.resources[f"Topic{len(template.resources)}"] = {"Type": "AWS::SNS::Topic"}
        return str(self.number)


Way = Break | Extra | Crowd


def logical_id(template: Template, name: str) -> str:
    pattern = re.compile(f"{name}[0-9A-F]{{8}}")
    (found,) = (each for each in template.resources if pattern.fullmatch(each))
    return found


def _key(holder: Json, step: str) -> str | int:
    return int(step) if isinstance(holder, list) else step


TRIGGER = "BasketConsumerSqsEventSourceSoukdevBasketQueueC7689890"
STREAM = "BasketRelayDynamoDBEventSourceSoukdevBasketTable268DC49F"
STATEMENTS = "Properties/PolicyDocument/Statement"
TARGET = "Properties/Targets/0"
ROLE = {"Fn::GetAtt": ["BasketConsumerRoleC6262CDD", "Arn"]}
INDEXES = {"Fn::Join": ["", [{"Fn::GetAtt": ["BasketTable", "Arn"]}, "/index/*"]]}
WALLS = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def allow(action: str, resource: Json = "arn:one", **more: Json) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


BREAKS: dict[Rule, list[Way]] = {
    delivery.a_queue_has_a_dead_letter_queue_or_is_one: [
        Break("BasketQueue", "Properties/RedrivePolicy"),
        Extra("SQS::Queue"),
    ],
    delivery.a_rule_target_has_a_dead_letter_queue: [
        Break("BasketHears", f"{TARGET}/DeadLetterConfig"),
        Break("BasketSweep", f"{TARGET}/DeadLetterConfig"),
    ],
    delivery.a_rule_may_write_to_its_queues: [
        Break("BasketQueuePolicy", f"{STATEMENTS}/1", blames="BasketHears"),
        Break("BasketUnpublishedPolicy", f"{STATEMENTS}/1", blames="BasketSweep"),
    ],
    delivery.a_stream_trigger_gives_up_into_a_dead_letter_queue: [
        Break(STREAM, "Properties/DestinationConfig"),
        Break(STREAM, "Properties/MaximumRetryAttempts"),
    ],
    delivery.a_trigger_reports_each_failed_record: [
        Break(STREAM, "Properties/FunctionResponseTypes"),
        Break(TRIGGER, "Properties/FunctionResponseTypes"),
    ],
    delivery.a_message_stays_hidden_for_six_timeouts: [
        Break("BasketQueue", "Properties/VisibilityTimeout"),
        Break("BasketConsumer", "Properties/Timeout", 31, blames="BasketQueue"),
    ],
    delivery.a_dead_letter_queue_has_one_alarm: [
        Break("BasketDeadLettersAlarm", "Properties/Threshold", 10, blames="BasketDeadLetters"),
        Break(
            "BasketUnpublishedAlarm",
            "Properties/Dimensions/0/Value",
            {"Fn::GetAtt": ["BasketQueue8C1CEFED", "QueueName"]},
            blames="BasketUnpublished",
        ),
    ],
    delivery.an_alarm_reaches_a_topic: [
        Break("BasketDeadLettersAlarm", "Properties/AlarmActions"),
        Break("AlarmsPolicy", f"{STATEMENTS}/1", blames="BasketDeadLettersAlarm"),
    ],
    delivery.the_archive_keeps_every_fact: [
        Break(
            "BusArchive",
            "Properties/EventPattern/source",
            [{"prefix": "souk.basket"}],
            blames="Bus",
        ),
    ],
    functions.a_function_has_a_log_that_ends: [
        Break("BasketApi", "Properties/LoggingConfig"),
        Break("BasketApiLog", "Properties/RetentionInDays", blames="BasketApi"),
    ],
    functions.a_function_states_time_and_memory: [
        Break("BasketApi", "Properties/Timeout"),
        Break("BasketApi", "Properties/MemorySize"),
    ],
    functions.a_function_begins_no_trace: [
        Break("BasketApi", "Properties/TracingConfig"),
        Break("BasketApi", "Properties/TracingConfig/Mode", "Active"),
    ],
    functions.a_function_runs_on_the_newest_python_and_arm64: [
        Break("BasketApi", "Properties/Runtime", "python3.13"),
        Break("BasketApi", "Properties/Architectures"),
    ],
    functions.a_function_has_a_role_of_its_own: [
        Break("BasketApi", "Properties/Role", ROLE),
        Break("BasketApi", "Properties/Role", ROLE, blames="BasketConsumer"),
    ],
    access.nobody_may_do_anything: [
        Break("BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("dynamodb:*")),
        Extra("IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": [allow("*")]}}]}),
        Extra("IAM::Policy", {"Statement": {"Effect": "Allow", "NotAction": "iam:PassRole"}}),
    ],
    access.nobody_may_reach_everything: [
        Break("BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("sqs:SendMessage", "*")),
        Break("BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("dynamodb:Query", INDEXES)),
    ],
    access.nothing_is_open_to_everybody: [
        Break(
            "BasketQueuePolicy", f"{STATEMENTS}/+", allow("sqs:SendMessage", Principal={"AWS": "*"})
        ),
        Extra("Lambda::Url", {"AuthType": "NONE"}),
    ],
    access.a_function_is_called_by_one_source: [
        Extra("Lambda::Permission", {"Principal": "events.amazonaws.com"}),
    ],
    access.a_room_speaks_for_itself: [
        Break("BasketRelayRoleDefaultPolicy", f"{STATEMENTS}/+", allow("events:PutEvents")),
        Break(
            "BasketRelayRoleDefaultPolicy",
            f"{STATEMENTS}/+",
            allow(
                "events:PutEvents", Condition={"StringEquals": {"events:source": "souk.catalog"}}
            ),
        ),
    ],
    access.a_route_asks_for_sign_in_unless_it_is_open: [
        Break("EdgeApiPOSTapistaffproducts", "Properties/AuthorizationType", "NONE"),
        Break("EdgeApiGETapiorders", "Properties/AuthorizerId"),
        Break("EdgeApiGETapiorders", "Properties/AuthorizationType", "AWS_IAM"),
        Break("EdgeApiGETapiproducts", "Properties/RouteKey", "ANY /api/products"),
        Break("EdgeApiGETapiguestorders", "Properties/RouteKey", "$default"),
        Break("EdgeApiGETapiorders", "Properties/RouteKey", "GET /api/guest/orders"),
    ],
    access.the_api_logs_no_address: [
        Break("EdgeStage", "Properties/AccessLogSettings"),
        Break(
            "EdgeStage",
            "Properties/AccessLogSettings/Format",
            "$context.requestId $context.identity.sourceIp",
        ),
    ],
    data.a_bucket_is_private: [
        Extra("S3::Bucket"),
        Extra("S3::Bucket", {"PublicAccessBlockConfiguration": WALLS | {"BlockPublicAcls": False}}),
        Extra(
            "S3::Bucket",
            {"PublicAccessBlockConfiguration": WALLS, "AccessControl": "PublicRead"},
        ),
    ],
    data.a_table_is_on_demand_and_recoverable: [
        Break("BasketTable", "Properties/BillingMode"),
        Break("BasketTable", "Properties/Replicas/0/PointInTimeRecoverySpecification"),
    ],
    data.only_prod_protects_its_tables: [
        Break("BasketTable", "Properties/Replicas/0/DeletionProtectionEnabled", True),
    ],
    data.only_prod_keeps_what_it_holds: [
        Break("BasketTable", "DeletionPolicy", "Retain"),
        Break("BasketApiLog", "DeletionPolicy", "Retain"),
        Break("BasketDeadLetters", "UpdateReplacePolicy", "Retain"),
        Break("CatalogPictures", "DeletionPolicy", "Retain"),
    ],
    data.the_stack_has_room_to_grow: [Crowd(400)],
}

BREAKS_OF_PROD: dict[Rule, list[Way]] = {
    data.only_prod_protects_its_tables: [
        Break("BasketTable", "Properties/Replicas/0/DeletionProtectionEnabled"),
    ],
    data.only_prod_keeps_what_it_holds: [
        Break("BasketTable", "DeletionPolicy"),
        Break("BasketTable", "UpdateReplacePolicy", "Delete"),
        Break("BasketApiLog", "DeletionPolicy", "Delete"),
        Break("BasketUnpublished", "DeletionPolicy", "Delete"),
        Break("EdgePeople", "DeletionPolicy", "Delete"),
        Break("CatalogPictures", "DeletionPolicy", "Delete"),
    ],
}
