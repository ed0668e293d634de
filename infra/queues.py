"""Queues, their dead letters, and the alarm that tells somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra import reasons
from souk.edges.consumer import MAX_RECEIVES

if TYPE_CHECKING:
    from constructs import Construct

    from infra.stages import Stage

VISIBILITY = Duration.seconds(185)  # AWS advises 6 x the consumer's timeout, and its window
KEEP = Duration.days(4)
KEEP_DEAD = Duration.days(14)  # as long as a queue can
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


def inbox(room: Construct, dead: sqs.Queue, removal: RemovalPolicy) -> sqs.Queue:
    """The room's queue of facts; what fails too often goes to `dead`."""
    return sqs.Queue(
        room,
        "Queue",
        visibility_timeout=VISIBILITY,
        retention_period=KEEP,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        removal_policy=removal,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=MAX_RECEIVES),
    )


class DeadLetters:
    """Makes dead-letter queues; each has an alarm, all alarms tell one topic.

    Who wants to know subscribes to the topic, which is the stack's output `StaffTopic`.
    """

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        self._stage = stage
        self.topic = sns.Topic(scope, "Alarms", display_name="Souk", enforce_ssl=True)
        self.topic.add_to_resource_policy(_alarms_may_tell(self.topic))
        CfnOutput(scope, "StaffTopic", value=self.topic.topic_arn)

    def make(self, room: Construct, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            room,
            name,
            retention_period=KEEP_DEAD,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=self._stage.removal,
        )
        waiting = queue.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(1), statistic="Maximum"
        )
        self.watch(room, name, waiting)
        return queue

    def watch(self, room: Construct, name: str, metric: cloudwatch.Metric) -> None:
        """An alarm as soon as the metric counts anything at all."""
        alarm = cloudwatch.Alarm(
            room,
            f"{name}Alarm",
            alarm_description=f"{room.node.id}: something could not be handled and waits for you",
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=AT_LEAST,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def make_last(self, room: Construct, name: str) -> sqs.Queue:
        """Dead letters of something that is no queue, which cdk-nag does not see."""
        queue = self.make(room, name)
        reasons.acknowledge(queue, "AwsSolutions-SQS3", reasons.LAST)
        return queue


def _alarms_may_tell(topic: sns.Topic) -> iam.PolicyStatement:
    """Said because a topic with any policy of its own loses the default that lets alarms in."""
    alarms = Stack.of(topic).format_arn(service="cloudwatch", resource="alarm:*")
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"ArnLike": {"aws:SourceArn": alarms}},
    )
