"""Data is private and recoverable, and in prod it is not deleted by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.infra.guardrails.messaging import dead_letter_queues
from tests.infra.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RESOURCES = 400  # CloudFormation's limit is 500; split alarms and edge into stacks before that


def a_bucket_is_private(template: Template) -> Iterator[str]:
    settings = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for name, bucket in template.properties("S3::Bucket").items():
        block = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(block.get(setting) is True for setting in settings):
            yield f"{name} does not block public access"
        if str(bucket.get("AccessControl", "")).startswith("Public"):
            yield f"{name} is public"


def a_table_is_on_demand_and_recoverable(template: Template) -> Iterator[str]:
    for name, table in template.properties("DynamoDB::GlobalTable").items():
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not on demand"
        for replica in table["Replicas"]:
            recovery = replica.get("PointInTimeRecoverySpecification", {})
            if recovery.get("PointInTimeRecoveryEnabled") is not True:
                yield f"{name} has no point-in-time recovery"


def only_prod_protects_its_tables(template: Template) -> Iterator[str]:
    for name, table in template.properties("DynamoDB::GlobalTable").items():
        for replica in table["Replicas"]:
            if replica.get("DeletionProtectionEnabled", False) is not (template.stage == "prod"):
                yield f"{name} is {'not ' * (template.stage == 'prod')}protected from deletion"


DATA_TYPES = (
    "Cognito::UserPool",
    "DynamoDB::GlobalTable",
    "Events::Archive",
    "Events::EventBus",
    "Logs::LogGroup",
    "SecretsManager::Secret",
)


def only_prod_retains_its_data(template: Template) -> Iterator[str]:
    expected = "Retain" if template.stage == "prod" else "Delete"
    with_data = {name for each in DATA_TYPES for name in template.properties(each)}
    with_data |= dead_letter_queues(template) | _upload_buckets(template)
    for name in sorted(with_data):
        policies = {
            template.resources[name].get(policy, "Delete")
            for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        }
        if policies != {expected}:
            yield f"{name} has the policy {' and '.join(sorted(policies))}, not {expected}"


def _upload_buckets(template: Template) -> set[str]:
    """The buckets that browsers upload to; there is no other copy of their objects."""
    buckets = template.properties("S3::Bucket")
    return {name for name, bucket in buckets.items() if "CorsConfiguration" in bucket}


def the_stack_is_below_the_resource_limit(template: Template) -> Iterator[str]:
    if len(template.resources) >= MAX_RESOURCES:
        yield f"{len(template.resources)} resources: split the stack"
