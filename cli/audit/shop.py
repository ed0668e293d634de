"""What the audit reads: the tables of the services, and whether messages wait in queues."""

from collections.abc import Iterator
from typing import Any, Protocol

from souk.kernel.items import from_item

Row = dict[str, Any]
_MESSAGE_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class ShopReader(Protocol):
    def rows(self, service: str) -> Iterator[Row]:
        """All rows of the service's table in any order, read page by page."""

    def has_pending_messages(self) -> bool:
        """Whether a message waits for a consumer or is being processed."""


class AwsShop:
    """A deployed stack, read with a boto3 session. Works with the local cloud and AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._sqs = session.client("sqs")
        cloudformation = session.client("cloudformation")
        outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        self._outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        self._queues = [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::SQS::Queue"
        ]

    def rows(self, service: str) -> Iterator[Row]:
        table = self._outputs[f"{service}Table"]
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        for page in pages:
            yield from map(from_item, page["Items"])

    def has_pending_messages(self) -> bool:
        return any(self._has_pending(url) for url in self._queues)

    def _has_pending(self, url: str) -> bool:
        """Ignores dead-letter queues, which are those without a redrive policy."""
        response = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes = response["Attributes"]
        has_messages = any(int(attributes.get(name, 0)) for name in _MESSAGE_COUNTS)
        return "RedrivePolicy" in attributes and has_messages
