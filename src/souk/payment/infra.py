"""Payment's resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import reasons
from infra.platform import index
from souk.payment.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Payment(Construct):
    """A table, the provider's secret, webhooks, commands, the consumer, reconciler and relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Payment")
        table = platform.table(self, indexes=[index("by_book", "book", "at", "order_id")])
        secret_arn = self._secret(platform)
        env = {
            "PAYMENT_PROVIDER": platform.stage.payment_provider,
            "PAYMENT_SECRET": secret_arn,
        }
        api = platform.serve(
            self,
            handler="souk.payment.api.handler",
            routes=ROUTES,
            table=table,
            env=env,
            stripe=True,
        )
        commands = platform.answer(
            self, handler="souk.payment.workflow.handler", table=table, env=env, stripe=True
        )
        consumer = platform.subscribe(
            self,
            handler="souk.payment.consumer.handler",
            hears=HEARS,
            table=table,
            env=env,
            stripe=True,
        )
        reconciler = platform.repeat(
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
        platform.publish(self, table)

    def _secret(self, platform: Platform) -> str:
        """Its key for the sandbox's webhooks is made here; Stripe's two are filled in by hand."""
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="JSON of the payment provider: api_key, webhook_secret",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"api_key": ""}),
                generate_string_key="webhook_secret",
                exclude_punctuation=True,
                password_length=40,
            ),
            removal_policy=platform.stage.removal,
        )
        reasons.acknowledge(secret, "AwsSolutions-SMG4", reasons.NO_ROTATION)
        resource = cast("secretsmanager.CfnSecret", secret.node.default_child)
        arn = resource.attr_id  # what `Ref` is on AWS; the local cloud's `Ref` is a name
        CfnOutput(platform, "PaymentSecret", value=arn)
        return arn
