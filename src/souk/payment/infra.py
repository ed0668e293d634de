"""Payment's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import reasons
from infra.platform import index
from souk.payment.handlers import ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Payment(Construct):
    """A table, the provider's secret, the webhooks, the commands, the reconciler, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Payment")
        table = platform.table(self, indexes=[index("by_list", "list", "at", "order_id")])
        secret = self._secret(platform)
        env = {
            "PAYMENT_PROVIDER": platform.stage.payment_provider,
            "PROVIDER_SECRET_ARN": secret,
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
        reconciler = platform.repeat(
            self,
            "Reconciler",
            handler="souk.payment.reconciler.handler",
            every=Duration.minutes(5),
            table=table,
            env=env,
            stripe=True,
        )
        for function in (api, commands, reconciler):
            platform.allow(function, table, "GetItem", "PutItem")
            function.add_to_role_policy(_may_read(secret))
        platform.allow(reconciler, table, "Query")
        platform.publish(self, table)

    def _secret(self, platform: Platform) -> str:
        """Its ARN. Of the sandbox: made up at once. Of Stripe: filled in by hand.

        `Id` is the ARN as `Ref` is; the local cloud answers `Ref` with the name.
        """
        secret = secretsmanager.Secret(
            self,
            "Provider",
            description="The payment provider: api_key, webhook_secret",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"api_key": ""}',  # noqa: S106  empty
                generate_string_key="webhook_secret",
                exclude_punctuation=True,
            ),
            removal_policy=platform.stage.removal,
        )
        reasons.acknowledge(secret, "AwsSolutions-SMG4", reasons.OF_THE_PROVIDER)
        made = cast("secretsmanager.CfnSecret", secret.node.default_child)
        arn = made.get_att("Id").to_string()
        CfnOutput(self, "PaymentSecret", value=arn).override_logical_id("PaymentSecret")
        return arn


def _may_read(secret: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret])
