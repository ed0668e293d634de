"""The AWS resources of the payment service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import nag_suppressions
from infra.platform import index
from souk.payment.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform


class Payment(Construct):
    """Table, provider secret, webhook API, commands, event consumer, reconciler, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Payment")
        table = platform.add_table(
            self, indexes=[index("by_collection", "collection", "at", "order_id")]
        )
        secret_arn = self._add_secret(platform)
        env = {
            "PAYMENT_PROVIDER": platform.stage.payment_provider,
            "PAYMENT_SECRET": secret_arn,
        }
        api = platform.add_api(
            self,
            handler="souk.payment.api.handler",
            routes=ROUTES,
            table=table,
            env=env,
            stripe=True,
        )
        commands = platform.add_commands(
            self, handler="souk.payment.command_handler.handler", table=table, env=env, stripe=True
        )
        consumer = platform.subscribe(
            self,
            handler="souk.payment.consumer.handler",
            subscriptions=SUBSCRIPTIONS,
            table=table,
            env=env,
            stripe=True,
        )
        reconciler = platform.add_schedule(
            self,
            "Reconciler",
            handler="souk.payment.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
            env=env,
            stripe=True,
        )
        for function in (api, commands, consumer, reconciler):
            platform.allow(function, table, "GetItem", "PutItem")
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["secretsmanager:GetSecretValue"], resources=[secret_arn]
                )
            )
        platform.allow(reconciler, table, "Query", "BatchGetItem")
        platform.add_outbox_relay(self, table)

    def _add_secret(self, platform: Platform) -> str:
        """The provider's secret: generated for the sandbox, replaced by hand for Stripe."""
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="JSON with the payment provider's api_key and webhook_secret",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"api_key": ""}),
                generate_string_key="webhook_secret",
                exclude_punctuation=True,
                password_length=40,
            ),
            removal_policy=platform.stage.removal_policy,
        )
        nag_suppressions.acknowledge(
            secret, "AwsSolutions-SMG4", nag_suppressions.PROVIDER_ISSUES_KEYS
        )
        resource = cast("secretsmanager.CfnSecret", secret.node.default_child)
        arn = resource.attr_id  # `Ref` returns the ARN on AWS, but the name on the local cloud
        CfnOutput(platform, "PaymentSecret", value=arn)
        return arn
