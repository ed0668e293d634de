"""A fake of SQS."""

from __future__ import annotations

from itertools import count
from typing import Any

ROOT = "https://sqs/1234/"


class FakeQueues:
    """Messages by queue URL. Receiving a message hides it, unless its visibility timeout is 0."""

    def __init__(self, *names: str) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {ROOT + name: [] for name in names}
        self.hidden: set[str] = set()
        self._numbers = count()

    def put(self, queue: str, body: str, **attributes: str) -> None:
        handle = f"handle-{next(self._numbers)}"
        message = {
            "Body": body,
            "ReceiptHandle": handle,
            "MessageAttributes": {
                name: {"StringValue": value} for name, value in attributes.items()
            },
        }
        self.messages[ROOT + queue].append(message)

    def bodies(self, queue: str) -> list[str]:
        return [message["Body"] for message in self.messages[ROOT + queue]]

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        handles = {message["ReceiptHandle"] for message in self.messages[QueueUrl]}
        counts = (len(handles - self.hidden), len(handles & self.hidden))
        return {"Attributes": dict(zip(AttributeNames, map(str, counts), strict=True))}

    def receive_message(
        self, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int = 30, **_: Any
    ) -> dict[str, Any]:
        visible = [
            each for each in self.messages[QueueUrl] if each["ReceiptHandle"] not in self.hidden
        ]
        received = visible[:MaxNumberOfMessages]
        if VisibilityTimeout:
            self.hidden.update(message["ReceiptHandle"] for message in received)
        return {"Messages": received} if received else {}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:
        self.put(QueueUrl.removeprefix(ROOT), MessageBody)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        self.messages[QueueUrl] = [
            each for each in self.messages[QueueUrl] if each["ReceiptHandle"] != ReceiptHandle
        ]
