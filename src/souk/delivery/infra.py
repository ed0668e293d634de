"""The AWS resources of the delivery service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import nag_suppressions
from infra.platform import index
from souk.delivery.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform


class Delivery(Construct):
    """Table, API, carriers' secret, event consumer, reconciler, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Delivery")
        table = platform.add_table(self, indexes=[index("by_worklist", "worklist", "order_id")])
        api = platform.add_api(
            self, handler="souk.delivery.api.handler", routes=ROUTES, table=table
        )
        self._add_secret(platform, api)
        consumer = platform.subscribe(
            self, handler="souk.delivery.consumer.handler", subscriptions=SUBSCRIPTIONS, table=table
        )
        reconciler = platform.add_schedule(
            self,
            "Reconciler",
            handler="souk.delivery.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
        )
        platform.grant_invoke(api, "Basket", "Payment")
        platform.grant_invoke(reconciler, "Payment")
        platform.allow(api, table, "GetItem", "BatchGetItem", "Query", "PutItem")
        platform.allow(consumer, table, "GetItem", "PutItem")
        platform.allow(reconciler, table, "GetItem", "Query", "PutItem")
        platform.add_outbox_relay(self, table)

    def _add_secret(self, platform: Platform, api: lambda_.Function) -> None:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="JSON with webhook_secret, the key with which carriers sign webhooks",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({}),
                generate_string_key="webhook_secret",
                exclude_punctuation=True,
                password_length=40,
            ),
            removal_policy=platform.stage.removal_policy,
        )
        nag_suppressions.acknowledge(
            secret, "AwsSolutions-SMG4", nag_suppressions.SHARED_WITH_CARRIERS
        )
        resource = cast("secretsmanager.CfnSecret", secret.node.default_child)
        arn = resource.attr_id  # `Ref` returns the ARN on AWS, but the name on the local cloud
        CfnOutput(platform, "CarrierSecret", value=arn)
        api.add_environment("CARRIER_SECRET", arn)
        api.add_to_role_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn])
        )
