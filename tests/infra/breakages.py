"""Templates broken on purpose: for every guardrail, the violations that it must detect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.infra.guardrails import access, data, functions, messaging

if TYPE_CHECKING:
    from tests.infra.guardrails import Rule
    from tests.infra.template import Json, Template


class SetProperty(NamedTuple):
    """Sets the value at `path` of one resource; a path that ends in `+` appends to a list."""

    resource: str  # a logical id without its hash
    path: str
    value: Json
    offender: str = ""  # the resource that the rule reports, if it is another one

    def apply(self, template: Template) -> str:
        """Returns the logical id of the offender."""
        name = logical_id(template, self.resource)
        container, key = _container_and_key(template.resources[name], self.path)
        if key == "+":
            container.append(self.value)
        else:
            container[key] = self.value
        return logical_id(template, self.offender) if self.offender else name


class RemoveProperty(NamedTuple):
    resource: str
    path: str
    offender: str = ""

    def apply(self, template: Template) -> str:
        name = logical_id(template, self.resource)
        container, key = _container_and_key(template.resources[name], self.path)
        del container[key]
        return logical_id(template, self.offender) if self.offender else name


class AddResource(NamedTuple):
    resource_type: str
    properties: Json = None

    def apply(self, template: Template) -> str:
        template.resources["Extra"] = {
            "Type": f"AWS::{self.resource_type}",
            "Properties": self.properties or {},
        }
        return "Extra"


class AddResourcesUpTo(NamedTuple):
    total: int

    def apply(self, template: Template) -> str:
        while len(template.resources) < self.total:
            template.resources[f"Topic{len(template.resources)}"] = {"Type": "AWS::SNS::Topic"}
        return str(self.total)


Breakage = SetProperty | RemoveProperty | AddResource | AddResourcesUpTo


def logical_id(template: Template, name: str) -> str:
    pattern = re.compile(f"{name}[0-9A-F]{{8}}")
    (match,) = (each for each in template.resources if pattern.fullmatch(each))
    return match


def _container_and_key(resource: Json, path: str) -> tuple[Json, str | int]:
    *parents, last = path.split("/")
    container: Json = resource
    for step in parents:
        container = container[_key(container, step)]
    return container, _key(container, last)


def _key(container: Json, step: str) -> str | int:
    return int(step) if isinstance(container, list) and step.isdigit() else step


TRIGGER = "BasketConsumerSqsEventSourceSoukdevBasketQueueC7689890"
STREAM = "BasketRelayDynamoDBEventSourceSoukdevBasketTable268DC49F"
STATEMENTS = "Properties/PolicyDocument/Statement"
TARGET = "Properties/Targets/0"
ROLE = {"Fn::GetAtt": ["BasketConsumerRoleC6262CDD", "Arn"]}
INDEXES = {"Fn::Join": ["", [{"Fn::GetAtt": ["BasketTable", "Arn"]}, "/index/*"]]}
BLOCK_ALL = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def allow(action: str, resource: Json = "arn:of-a-resource", **more: Json) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


BREAKAGES: dict[Rule, list[Breakage]] = {
    messaging.a_queue_has_a_dead_letter_queue_or_is_one: [
        RemoveProperty("BasketQueue", "Properties/RedrivePolicy"),
        AddResource("SQS::Queue"),
    ],
    messaging.a_rule_target_has_a_dead_letter_queue: [
        RemoveProperty("BasketSubscriptions", f"{TARGET}/DeadLetterConfig"),
        RemoveProperty("BasketSweep", f"{TARGET}/DeadLetterConfig"),
    ],
    messaging.a_rule_may_send_to_its_queues: [
        RemoveProperty("BasketQueuePolicy", f"{STATEMENTS}/1", offender="BasketSubscriptions"),
        RemoveProperty("BasketUnpublishedPolicy", f"{STATEMENTS}/1", offender="BasketSweep"),
    ],
    messaging.a_stream_trigger_has_a_dead_letter_queue: [
        RemoveProperty(STREAM, "Properties/DestinationConfig"),
        RemoveProperty(STREAM, "Properties/MaximumRetryAttempts"),
    ],
    messaging.a_trigger_reports_each_failed_record: [
        RemoveProperty(STREAM, "Properties/FunctionResponseTypes"),
        RemoveProperty(TRIGGER, "Properties/FunctionResponseTypes"),
    ],
    messaging.a_visibility_timeout_is_six_function_timeouts: [
        RemoveProperty("BasketQueue", "Properties/VisibilityTimeout"),
        SetProperty("BasketConsumer", "Properties/Timeout", 31, offender="BasketQueue"),
    ],
    messaging.a_dead_letter_queue_has_one_alarm: [
        SetProperty(
            "BasketDeadLettersAlarm", "Properties/Threshold", 10, offender="BasketDeadLetters"
        ),
        SetProperty(
            "BasketUnpublishedAlarm",
            "Properties/Dimensions/0/Value",
            {"Fn::GetAtt": ["BasketQueue8C1CEFED", "QueueName"]},
            offender="BasketUnpublished",
        ),
    ],
    messaging.an_alarm_notifies_a_topic: [
        RemoveProperty("BasketDeadLettersAlarm", "Properties/AlarmActions"),
        RemoveProperty("AlarmsPolicy", f"{STATEMENTS}/1", offender="BasketDeadLettersAlarm"),
    ],
    messaging.the_archive_contains_all_events: [
        SetProperty(
            "BusArchive",
            "Properties/EventPattern/source",
            [{"prefix": "souk.basket"}],
            offender="Bus",
        ),
    ],
    functions.a_function_has_a_log_with_a_retention: [
        RemoveProperty("BasketApi", "Properties/LoggingConfig"),
        RemoveProperty("BasketApiLog", "Properties/RetentionInDays", offender="BasketApi"),
    ],
    functions.a_function_has_an_explicit_timeout_and_memory: [
        RemoveProperty("BasketApi", "Properties/Timeout"),
        RemoveProperty("BasketApi", "Properties/MemorySize"),
    ],
    functions.a_function_starts_no_trace: [
        RemoveProperty("BasketApi", "Properties/TracingConfig"),
        SetProperty("BasketApi", "Properties/TracingConfig/Mode", "Active"),
    ],
    functions.a_function_runs_on_the_newest_python_and_arm64: [
        SetProperty("BasketApi", "Properties/Runtime", "python3.13"),
        RemoveProperty("BasketApi", "Properties/Architectures"),
    ],
    functions.a_function_has_a_role_of_its_own: [
        SetProperty("BasketApi", "Properties/Role", ROLE),
        SetProperty("BasketApi", "Properties/Role", ROLE, offender="BasketConsumer"),
    ],
    access.no_policy_allows_all_actions: [
        SetProperty("BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("dynamodb:*")),
        AddResource("IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": [allow("*")]}}]}),
        AddResource("IAM::Policy", {"Statement": {"Effect": "Allow", "NotAction": "iam:PassRole"}}),
    ],
    access.no_policy_allows_all_resources: [
        SetProperty("BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("sqs:SendMessage", "*")),
        SetProperty(
            "BasketApiRoleDefaultPolicy", f"{STATEMENTS}/+", allow("dynamodb:Query", INDEXES)
        ),
    ],
    access.nothing_allows_everybody: [
        SetProperty(
            "BasketQueuePolicy", f"{STATEMENTS}/+", allow("sqs:SendMessage", Principal={"AWS": "*"})
        ),
        AddResource("Lambda::Url", {"AuthType": "NONE"}),
    ],
    access.a_function_permission_names_its_source: [
        AddResource("Lambda::Permission", {"Principal": "events.amazonaws.com"}),
    ],
    access.a_service_publishes_only_its_own_events: [
        SetProperty("BasketRelayRoleDefaultPolicy", f"{STATEMENTS}/+", allow("events:PutEvents")),
        SetProperty(
            "BasketRelayRoleDefaultPolicy",
            f"{STATEMENTS}/+",
            allow(
                "events:PutEvents", Condition={"StringEquals": {"events:source": "souk.catalog"}}
            ),
        ),
    ],
    access.a_route_needs_sign_in_unless_it_is_public: [
        SetProperty("EdgeApiPOSTapistaffproducts", "Properties/AuthorizationType", "NONE"),
        RemoveProperty("EdgeApiGETapiorders", "Properties/AuthorizerId"),
        SetProperty("EdgeApiGETapiorders", "Properties/AuthorizationType", "AWS_IAM"),
        SetProperty("EdgeApiGETapiproducts", "Properties/RouteKey", "ANY /api/products"),
        SetProperty("EdgeApiGETapiguestorders", "Properties/RouteKey", "$default"),
        SetProperty("EdgeApiGETapiorders", "Properties/RouteKey", "GET /api/guest/orders"),
    ],
    access.the_access_log_has_no_personal_data: [
        RemoveProperty("EdgeStage", "Properties/AccessLogSettings"),
        SetProperty(
            "EdgeStage",
            "Properties/AccessLogSettings/Format",
            "$context.requestId $context.identity.sourceIp",
        ),
    ],
    data.a_bucket_is_private: [
        AddResource("S3::Bucket"),
        AddResource(
            "S3::Bucket", {"PublicAccessBlockConfiguration": BLOCK_ALL | {"BlockPublicAcls": False}}
        ),
        AddResource(
            "S3::Bucket",
            {"PublicAccessBlockConfiguration": BLOCK_ALL, "AccessControl": "PublicRead"},
        ),
    ],
    data.a_table_is_on_demand_and_recoverable: [
        RemoveProperty("BasketTable", "Properties/BillingMode"),
        RemoveProperty("BasketTable", "Properties/Replicas/0/PointInTimeRecoverySpecification"),
    ],
    data.only_prod_protects_its_tables: [
        SetProperty("BasketTable", "Properties/Replicas/0/DeletionProtectionEnabled", True),
    ],
    data.only_prod_retains_its_data: [
        SetProperty("BasketTable", "DeletionPolicy", "Retain"),
        SetProperty("BasketApiLog", "DeletionPolicy", "Retain"),
        SetProperty("BasketDeadLetters", "UpdateReplacePolicy", "Retain"),
        SetProperty("CatalogPictures", "DeletionPolicy", "Retain"),
    ],
    data.the_stack_is_below_the_resource_limit: [AddResourcesUpTo(400)],
}

BREAKAGES_OF_PROD: dict[Rule, list[Breakage]] = {
    data.only_prod_protects_its_tables: [
        RemoveProperty("BasketTable", "Properties/Replicas/0/DeletionProtectionEnabled"),
    ],
    data.only_prod_retains_its_data: [
        RemoveProperty("BasketTable", "DeletionPolicy"),
        SetProperty("BasketTable", "UpdateReplacePolicy", "Delete"),
        SetProperty("BasketApiLog", "DeletionPolicy", "Delete"),
        SetProperty("BasketUnpublished", "DeletionPolicy", "Delete"),
        SetProperty("EdgeUserPool", "DeletionPolicy", "Delete"),
        SetProperty("CatalogPictures", "DeletionPolicy", "Delete"),
    ],
}
