"""Delivery's resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import reasons
from infra.platform import index
from souk.delivery.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Delivery(Construct):
    """A table, the API function, the carriers' secret, the consumer, the clock, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Delivery")
        table = platform.table(self, indexes=[index("by_worklist", "worklist", "order_id")])
        api = platform.serve(self, handler="souk.delivery.api.handler", routes=ROUTES, table=table)
        self._secret(platform, api)
        consumer = platform.subscribe(
            self, handler="souk.delivery.consumer.handler", hears=HEARS, table=table
        )
        clock = platform.repeat(
            self,
            "Reconciler",
            handler="souk.delivery.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
        )
        platform.let_ask(api, "Basket", "Payment")
        platform.let_ask(clock, "Payment")
        platform.allow(api, table, "GetItem", "BatchGetItem", "Query", "PutItem")
        platform.allow(consumer, table, "GetItem", "PutItem")
        platform.allow(clock, table, "GetItem", "Query", "PutItem")
        platform.publish(self, table)

    def _secret(self, platform: Platform, api: lambda_.Function) -> None:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="JSON: notice_secret, with which carriers sign their notices",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({}),
                generate_string_key="notice_secret",
                exclude_punctuation=True,
                password_length=40,
            ),
            removal_policy=platform.stage.removal,
        )
        reasons.acknowledge(secret, "AwsSolutions-SMG4", reasons.CARRIERS_KEY)
        resource = cast("secretsmanager.CfnSecret", secret.node.default_child)
        arn = resource.attr_id  # what `Ref` is on AWS; the local cloud's `Ref` is a name
        CfnOutput(platform, "CarrierSecret", value=arn)
        api.add_environment("CARRIER_SECRET", arn)
        api.add_to_role_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn])
        )
