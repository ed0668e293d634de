"""Builders of events, requests, messages and outbox rows, in the formats of AWS."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

from aws_lambda_powertools.utilities.typing import LambdaContext

from souk.kernel import outbox
from souk.kernel.events import Event
from souk.kernel.items import to_item

GUEST_TOKEN = "a-guest-token-of-43-characters-0123456789ab"
CONTEXT = LambdaContext()


class BellRung(Event, frozen=True, kw_only=True):
    """A bell was rung. A sample event for tests."""

    bell: str
    times: int = 1


class LampLit(Event, frozen=True, kw_only=True):
    """A lamp was lit. A sample event for tests."""

    lamp: str


def a_request(
    method: str = "GET",
    path: str = "/api/bells",
    *,
    body: str | bytes | None = None,
    claims: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """An event of an HTTP API, payload format 2.0. `claims` are those of a verified token."""
    authorizer = {} if claims is None else {"authorizer": {"jwt": {"claims": claims}}}
    text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in (query or {}).items()),
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "shop.example",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "request-1",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "23/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795435200000,
            **authorizer,
        },
        **({} if body is None else {"body": text}),
        "isBase64Encoded": isinstance(body, bytes),
    }


class Response(NamedTuple):
    """An HTTP response with its parsed body."""

    status: int
    headers: dict[str, str]
    body: Any


def send_request(handler: Any, *args: Any, **named: Any) -> Response:
    """The API function's response to the request that `a_request` builds from the arguments."""
    response = handler(a_request(*args, **named), CONTEXT)
    body = json.loads(response["body"]) if response.get("body") else None
    return Response(response["statusCode"], response["headers"], body)


def an_event(event: str = "BellRung", **data: Any) -> dict[str, Any]:
    """A bus event as it is delivered in the body of a queue message."""
    return {
        "version": "0",
        "id": "bus-event-1",
        "detail-type": event,
        "source": "tests.kernel",
        "detail": {
            "id": "event-1",
            "time": "2026-11-23T12:00:00.000Z",
            "correlation_id": "correlation-1",
            "data": data or {"bell": "east"},
        },
    }


def a_record(body: Any = None, *, number: int = 1, receives: int = 1) -> dict[str, Any]:
    """One SQS message in the event of a consumer function."""
    text = body if isinstance(body, str) else json.dumps(body or an_event())
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1795435200000",
            "SenderId": "bus",
            "ApproximateFirstReceiveTimestamp": "1795435200123",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
        "awsRegion": "us-east-1",
    }


def an_outbox_row(number: int = 0, *, size: int = 0, at: str = "2026-11-23T12:00:00.000Z") -> Any:
    """An outbox row as plain values. `size` is the length of its bell's name."""
    detail = json.dumps({"id": f"event-{number:03}", "data": {"bell": "b" * size}})
    return {
        "pk": outbox.partitions()[number % outbox.PARTITION_COUNT],
        "sk": f"event-{number:03}",
        "source": "tests.kernel",
        "type": "BellRung",
        "detail": detail,
        "at": at,
    }


def a_stream_event(*rows: dict[str, Any]) -> dict[str, Any]:
    """The event of a table's stream with these rows; the n-th has sequence number `seq-n`."""
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {"NewImage": to_item(row), "SequenceNumber": f"seq-{number}"},
        }
        for number, row in enumerate(rows)
    ]
    return {"Records": records}
