"""Notification's resources."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.platform import Batches
from souk.notification.handlers import HEARS

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHES = Batches(window_seconds=2)
"""An order's first mails are written in one run; nobody looks for them sooner."""


class Notification(Construct):
    """A table of what was sent, the consumer of facts, the address mails come from.

    It says no facts, so it has no relay.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Notification")
        table = platform.table(self)
        _, address = parseaddr(platform.stage.mail_sender)
        identity = ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(address))
        consumer = platform.subscribe(
            self,
            handler="souk.notification.consumer.handler",
            hears=HEARS,
            table=table,
            env={
                "MAIL_SENDER": platform.stage.mail_sender,
                "STAFF_TOPIC": platform.staff_topic.topic_arn,
            },
            batches=BATCHES,
        )
        platform.allow(consumer, table, "PutItem", "UpdateItem", "Query")
        platform.let_ask(consumer, "Basket")
        for action, resource in (
            ("ses:SendEmail", identity.email_identity_arn),
            ("sns:Publish", platform.staff_topic.topic_arn),
        ):
            consumer.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
