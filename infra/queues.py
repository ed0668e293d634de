"""Event queues, dead-letter queues, and the alarms that notify staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra import nag_suppressions
from souk.runtime.consumer import MAX_RECEIVES

if TYPE_CHECKING:
    from constructs import Construct

    from infra.stages import Stage

VISIBILITY_TIMEOUT = Duration.seconds(185)  # AWS: 6 x the function's timeout + batching window
RETENTION = Duration.days(4)
DEAD_LETTER_RETENTION = Duration.days(14)  # the maximum of SQS
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


def create_event_queue(
    service: Construct, dead_letter_queue: sqs.Queue, removal_policy: RemovalPolicy
) -> sqs.Queue:
    """The queue of the events that a service subscribes to."""
    return sqs.Queue(
        service,
        "Queue",
        visibility_timeout=VISIBILITY_TIMEOUT,
        retention_period=RETENTION,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        removal_policy=removal_policy,
        dead_letter_queue=sqs.DeadLetterQueue(
            queue=dead_letter_queue, max_receive_count=MAX_RECEIVES
        ),
    )


class DeadLetterQueues:
    """Creates dead-letter queues. Each has an alarm; all alarms notify one topic.

    Staff subscribe to the topic, whose ARN is the stack output `StaffTopic`.
    """

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        self._stage = stage
        self.topic = sns.Topic(scope, "Alarms", display_name="Souk", enforce_ssl=True)
        self.topic.add_to_resource_policy(_alarms_may_publish(self.topic))
        CfnOutput(scope, "StaffTopic", value=self.topic.topic_arn)

    def create(self, service: Construct, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            service,
            name,
            retention_period=DEAD_LETTER_RETENTION,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=self._stage.removal_policy,
        )
        visible_messages = queue.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(1), statistic="Maximum"
        )
        self.add_alarm(service, name, visible_messages)
        return queue

    def create_failure_destination(self, service: Construct, name: str) -> sqs.Queue:
        """A dead-letter queue of a stream, schedule or function; cdk-nag cannot detect these."""
        queue = self.create(service, name)
        nag_suppressions.acknowledge(
            queue, "AwsSolutions-SQS3", nag_suppressions.IS_DEAD_LETTER_QUEUE
        )
        return queue

    def add_alarm(self, service: Construct, name: str, metric: cloudwatch.Metric) -> None:
        """An alarm that notifies staff when the metric is 1 or more."""
        alarm = cloudwatch.Alarm(
            service,
            f"{name}Alarm",
            alarm_description=f"{service.node.id}: a message or execution failed, please check",
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=AT_LEAST,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


def _alarms_may_publish(topic: sns.Topic) -> iam.PolicyStatement:
    """Needed because any explicit topic policy replaces the default one, which allows alarms."""
    alarms = Stack.of(topic).format_arn(service="cloudwatch", resource="alarm:*")
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"ArnLike": {"aws:SourceArn": alarms}},
    )
