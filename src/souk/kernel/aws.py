"""AWS clients by botocore alone: boto3 adds a fifth to a cold start and nothing we use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

# A function answers within 10 s: better a quick second try than one long wait.
_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}
)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str) -> Any:
    return _session().create_client(service, config=_CONFIG)


@cache
def dynamodb() -> DynamoDBClient:
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def eventbridge() -> EventBridgeClient:
    client: EventBridgeClient = _client("events")
    return client


@cache
def sqs() -> SQSClient:
    client: SQSClient = _client("sqs")
    return client
