"""Notification's resources."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.platform import Batches
from souk.notification.handlers import HEARS
from souk.notification.post import MailBounced

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHES = Batches(size=100, window_seconds=2)
"""An order's first mails are written in one run; nobody looks for them sooner."""


class Notification(Construct):
    """A table of what was sent, the consumer of facts, the address mails come from.

    It says no facts, so it has no relay.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Notification")
        table = platform.table(self)
        _, address = parseaddr(platform.stage.mail_sender)
        mails = ses.ConfigurationSet(self, "Mails")
        identity = ses.EmailIdentity(
            self, "Sender", identity=ses.Identity.email(address), configuration_set=mails
        )
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
        mails_arn = platform.format_arn(
            service="ses", resource="configuration-set", resource_name=mails.configuration_set_name
        )
        for action, resources in (
            ("ses:SendEmail", [identity.email_identity_arn, mails_arn]),
            ("sns:Publish", [platform.staff_topic.topic_arn]),
        ):
            consumer.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=resources))
        self._hear_bounces(platform, mails)

    def _hear_bounces(self, platform: Platform, mails: ses.ConfigurationSet) -> None:
        """SES can tell AWS's own bus only. Of what it says, which quotes addresses, just the mail's
        tags and the reason come into the queue, as the shop's facts look."""
        aws_bus = events.EventBus.from_event_bus_name(self, "AwsBus", "default")
        mails.add_event_destination(
            "Bounces",
            destination=ses.EventDestination.event_bus(aws_bus),
            events=[ses.EmailSendingEvent.BOUNCE],
        )
        said = events.EventField.from_path
        tags = "$.detail.mail.tags"
        data = {
            "order": said(f"{tags}.order"),
            "mail": said(f"{tags}.mail"),
            "reason": said("$.detail.bounce.bounceType"),
        }
        event_id = events.EventField.event_id
        detail = {"id": event_id, "correlation_id": event_id, "data": data}
        platform.hear_aws(
            self,
            "Bounced",
            pattern=events.EventPattern(
                source=["aws.ses"],
                detail_type=["Email Bounced"],
                detail={"mail": {"tags": {"order": events.Match.exists()}}},
            ),
            message=events.RuleTargetInput.from_object(
                {"detail-type": MailBounced.__name__, "detail": detail}
            ),
        )
