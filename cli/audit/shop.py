"""What the audit reads: each room's table, page by page, and what still waits in queues."""

from collections.abc import Iterator
from typing import Any, Protocol

from souk.kernel.items import from_item

Row = dict[str, Any]
ROOMS = ("Catalog", "Basket", "Ordering", "Inventory", "Payment")
_DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class ShopReader(Protocol):
    """A shop as the audit sees it."""

    def rows(self, room: str) -> Iterator[Row]:
        """Every row of the room's table, in no order, never all in memory."""

    def waits(self) -> bool:
        """Whether a message waits for a consumer, or is being worked on."""


class AwsShop:
    """A deployed stack, by a boto3 session; the same at home and in AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._sqs = session.client("sqs")
        cloudformation = session.client("cloudformation")
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        self._outputs = {out["OutputKey"]: out["OutputValue"] for out in described["Outputs"]}
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        self._queues = [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::SQS::Queue"
        ]

    def rows(self, room: str) -> Iterator[Row]:
        table = self._outputs[f"{room}Table"]
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        for page in pages:
            yield from map(from_item, page["Items"])

    def waits(self) -> bool:
        return any(self._waits_in(url) for url in self._queues)

    def _waits_in(self, url: str) -> bool:
        """A queue of dead letters, which wait for a person, has no redrive policy."""
        about = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return "RedrivePolicy" in about and any(int(about.get(name, 0)) for name in _DEPTHS)
