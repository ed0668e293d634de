"""Stand-ins for the AWS clients the kernel speaks to, each as strict as a test needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(code: str, operation: str = "PutEvents") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


class Sent(NamedTuple):
    """A message as it was sent, its attributes plain."""

    queue: str
    body: str
    attributes: dict[str, str]


class FakeQueues:
    """SQS: remembers what is sent and how long what is hidden."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.hidden: dict[str, int] = {}
        self.down = False

    def send_message(self, **message: Any) -> None:
        if self.down:
            raise refused("ServiceUnavailable", "SendMessage")
        attributes = message["MessageAttributes"].items()
        told = {name: given["StringValue"] for name, given in attributes}
        self.sent.append(Sent(message["QueueUrl"], message["MessageBody"], told))

    def change_message_visibility(self, **message: Any) -> None:
        self.hidden[message["ReceiptHandle"]] = message["VisibilityTimeout"]


class FakeBus:
    """EventBridge: takes an entry unless `verdict` names an error for its detail.

    A call holding a detail that `refuses_call` names an error for is refused as a whole.
    """

    def __init__(
        self,
        verdict: Callable[[str], str | None] = lambda _: None,
        refuses_call: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._verdict = verdict
        self._refuses_call = refuses_call
        self.calls: list[int] = []
        self.heard: list[dict[str, str]] = []

    def put_events(self, **call: Any) -> dict[str, Any]:
        entries = call["Entries"]
        self.calls.append(len(entries))
        for entry in entries:
            if code := self._refuses_call(entry["Detail"]):
                raise refused(code)
        return {"Entries": [self._one(entry) for entry in entries]}

    def _one(self, entry: dict[str, str]) -> dict[str, str]:
        code = self._verdict(entry["Detail"])
        if code is not None:
            return {"ErrorCode": code, "ErrorMessage": code}
        self.heard.append(entry)
        return {"EventId": "event"}


class FakeTable:
    """DynamoDB as the relay sees it: one table's outbox rows by key, in pages of two.

    There is time for so many `queries`, then the function is cut off.
    """

    PAGE = 2

    def __init__(self, *items: dict[str, Any], queries: int) -> None:
        self._queries = queries
        self.items = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}

    def query(self, **request: Any) -> dict[str, Any]:
        self._queries -= 1
        if self._queries < 0:
            raise TimeoutError
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        after = request.get("ExclusiveStartKey", {"sk": {"S": ""}})["sk"]["S"]
        keys = sorted(key for key in self.items if key[0] == pk and key[1] > after)
        page = [self.items[key] for key in keys[: self.PAGE]]
        more = len(keys) > self.PAGE
        return {"Items": page, **({"LastEvaluatedKey": {"sk": page[-1]["sk"]}} if more else {})}

    def batch_write_item(self, **call: Any) -> dict[str, Any]:
        ((_, requests),) = call["RequestItems"].items()
        assert 1 <= len(requests) <= 25
        for request in requests:
            key = request["DeleteRequest"]["Key"]
            self.items.pop((key["pk"]["S"], key["sk"]["S"]), None)
        return {"UnprocessedItems": {}}
