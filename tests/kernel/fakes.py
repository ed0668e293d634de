"""Fakes of the AWS clients that kernel and runtime use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable


def client_error(code: str, operation: str = "PutEvents") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


class SentMessage(NamedTuple):
    """A message sent to a queue; `attributes` are plain values."""

    queue: str
    body: str
    attributes: dict[str, str]


class FakeQueues:
    """SQS. Records messages sent, and visibility timeouts in seconds by receipt handle.

    While `is_down`, it accepts no messages.
    """

    def __init__(self) -> None:
        self.sent: list[SentMessage] = []
        self.visibility_timeouts: dict[str, int] = {}
        self.is_down = False

    def send_message(self, **message: Any) -> None:
        if self.is_down:
            raise client_error("ServiceUnavailable", "SendMessage")
        attributes = {
            name: attribute["StringValue"]
            for name, attribute in message["MessageAttributes"].items()
        }
        self.sent.append(SentMessage(message["QueueUrl"], message["MessageBody"], attributes))

    def change_message_visibility(self, **message: Any) -> None:
        self.visibility_timeouts[message["ReceiptHandle"]] = message["VisibilityTimeout"]


class FakeBus:
    """EventBridge. Records the number of entries per call, and the entries accepted.

    `entry_error` maps an entry's detail to the error code of that entry; `call_error` maps it to
    an error code with which the whole call fails. None means no error.
    """

    def __init__(
        self,
        entry_error: Callable[[str], str | None] = lambda _: None,
        call_error: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._entry_error = entry_error
        self._call_error = call_error
        self.calls: list[int] = []
        self.accepted: list[dict[str, str]] = []

    def put_events(self, **call: Any) -> dict[str, Any]:
        entries = call["Entries"]
        self.calls.append(len(entries))
        for entry in entries:
            if code := self._call_error(entry["Detail"]):
                raise client_error(code)
        return {"Entries": [self._put(entry) for entry in entries]}

    def _put(self, entry: dict[str, str]) -> dict[str, str]:
        code = self._entry_error(entry["Detail"])
        if code is not None:
            return {"ErrorCode": code, "ErrorMessage": code}
        self.accepted.append(entry)
        return {"EventId": "event"}


class FakeTable:
    """DynamoDB as the relay uses it: the outbox rows of one table by key, in pages of two.

    After `max_queries` queries it raises TimeoutError, as if the function timed out.
    """

    PAGE_SIZE = 2

    def __init__(self, *items: dict[str, Any], max_queries: int) -> None:
        self._queries_left = max_queries
        self.items = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}

    def query(self, **request: Any) -> dict[str, Any]:
        self._queries_left -= 1
        if self._queries_left < 0:
            raise TimeoutError
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        after = request.get("ExclusiveStartKey", {"sk": {"S": ""}})["sk"]["S"]
        keys = sorted(key for key in self.items if key[0] == pk and key[1] > after)
        page = [self.items[key] for key in keys[: self.PAGE_SIZE]]
        has_next = len(keys) > self.PAGE_SIZE
        return {"Items": page, **({"LastEvaluatedKey": {"sk": page[-1]["sk"]}} if has_next else {})}

    def batch_write_item(self, **call: Any) -> dict[str, Any]:
        ((_, requests),) = call["RequestItems"].items()
        assert 1 <= len(requests) <= 25
        for request in requests:
            key = request["DeleteRequest"]["Key"]
            self.items.pop((key["pk"]["S"], key["sk"]["S"]), None)
        return {"UnprocessedItems": {}}
