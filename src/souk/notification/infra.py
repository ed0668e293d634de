"""The AWS resources of the notification service."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.platform import Batching
from souk.notification.handlers import SUBSCRIPTIONS
from souk.notification.senders import EmailBounced

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHING = Batching(size=100, window_seconds=2)
"""One invocation sends the first emails of an order; a delay of 2 s is acceptable for emails."""


class Notification(Construct):
    """Table of sent emails, event consumer, SES identity. It publishes no events."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Notification")
        table = platform.add_table(self)
        _, address = parseaddr(platform.stage.email_sender)
        configuration_set = ses.ConfigurationSet(self, "Emails")
        identity = ses.EmailIdentity(
            self,
            "Sender",
            identity=ses.Identity.email(address),
            configuration_set=configuration_set,
        )
        consumer = platform.subscribe(
            self,
            handler="souk.notification.consumer.handler",
            subscriptions=SUBSCRIPTIONS,
            table=table,
            env={
                "EMAIL_SENDER": platform.stage.email_sender,
                "STAFF_TOPIC": platform.staff_topic.topic_arn,
            },
            batching=BATCHING,
        )
        platform.allow(consumer, table, "PutItem", "UpdateItem", "Query")
        platform.grant_invoke(consumer, "Basket")
        configuration_set_arn = platform.format_arn(
            service="ses",
            resource="configuration-set",
            resource_name=configuration_set.configuration_set_name,
        )
        for action, resources in (
            ("ses:SendEmail", [identity.email_identity_arn, configuration_set_arn]),
            ("sns:Publish", [platform.staff_topic.topic_arn]),
        ):
            consumer.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=resources))
        self._subscribe_to_bounces(platform, configuration_set)

    def _subscribe_to_bounces(
        self, platform: Platform, configuration_set: ses.ConfigurationSet
    ) -> None:
        """Delivers bounces as `EmailBounced` to the event queue.

        SES reports them on the account's default bus only. The reports contain addresses, so the
        rule passes on only the email's tags and the reason, in the form of a shop event.
        """
        default_bus = events.EventBus.from_event_bus_name(self, "DefaultBus", "default")
        configuration_set.add_event_destination(
            "Bounces",
            destination=ses.EventDestination.event_bus(default_bus),
            events=[ses.EmailSendingEvent.BOUNCE],
        )
        field = events.EventField.from_path
        tags = "$.detail.mail.tags"
        data = {
            "order": field(f"{tags}.order"),
            "email": field(f"{tags}.email"),
            "reason": field("$.detail.bounce.bounceType"),
        }
        event_id = events.EventField.event_id
        detail = {"id": event_id, "correlation_id": event_id, "data": data}
        platform.subscribe_to_aws(
            self,
            "Bounced",
            pattern=events.EventPattern(
                source=["aws.ses"],
                detail_type=["Email Bounced"],
                detail={"mail": {"tags": {"order": events.Match.exists()}}},
            ),
            message=events.RuleTargetInput.from_object(
                {"detail-type": EmailBounced.__name__, "detail": detail}
            ),
        )
