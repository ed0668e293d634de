"""Data: private, recoverable, and in prod not lost by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.infra.guardrails.delivery import dead_letter_queues
from tests.infra.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RESOURCES = 400  # CloudFormation takes 500; then alarms and edge become stacks of their own


def a_bucket_is_private(template: Template) -> Iterator[str]:
    walls = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for name, bucket in template.of("S3::Bucket").items():
        block = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(block.get(wall) is True for wall in walls):
            yield f"{name} does not block public access"
        if str(bucket.get("AccessControl", "")).startswith("Public"):
            yield f"{name} is public"


def a_table_is_on_demand_and_recoverable(template: Template) -> Iterator[str]:
    for name, table in template.of("DynamoDB::GlobalTable").items():
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not on demand"
        for replica in table["Replicas"]:
            recovery = replica.get("PointInTimeRecoverySpecification", {})
            if recovery.get("PointInTimeRecoveryEnabled") is not True:
                yield f"{name} has no point-in-time recovery"


def only_prod_protects_its_tables(template: Template) -> Iterator[str]:
    for name, table in template.of("DynamoDB::GlobalTable").items():
        for replica in table["Replicas"]:
            if replica.get("DeletionProtectionEnabled", False) is not (template.stage == "prod"):
                yield f"{name} is {'not ' * (template.stage == 'prod')}protected from deletion"


KEPT = (
    "Cognito::UserPool",
    "DynamoDB::GlobalTable",
    "Events::Archive",
    "Events::EventBus",
    "Logs::LogGroup",
    "SecretsManager::Secret",
)


def only_prod_keeps_what_it_holds(template: Template) -> Iterator[str]:
    wanted = "Retain" if template.stage == "prod" else "Delete"
    ends = dead_letter_queues(template)
    kept = {name for kind in KEPT for name in template.of(kind)} | ends | _filled(template)
    for name in sorted(kept):
        told = {
            template.resources[name].get(policy, "Delete")
            for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        }
        if told != {wanted}:
            yield f"{name} would see {' and '.join(sorted(told))}, not {wanted}"


def _filled(template: Template) -> set[str]:
    """The buckets browsers send to; nobody has what is in them a second time."""
    return {name for name, body in template.of("S3::Bucket").items() if "CorsConfiguration" in body}


def the_stack_has_room_to_grow(template: Template) -> Iterator[str]:
    if len(template.resources) >= MOST_RESOURCES:
        yield f"{len(template.resources)} resources: time to split the stack"
