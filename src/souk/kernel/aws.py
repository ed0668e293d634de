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

# Three tries end within the 10 s an API function has: better a quick second than one long wait.
_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
)


THROTTLED = {"ThrottlingException", "ProvisionedThroughputExceededException", "Throttling"}


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
