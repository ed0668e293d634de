"""AWS clients by botocore alone: boto3 adds a fifth to a cold start and nothing we use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# Two tries and the pause between them end within the 10 s an API function has.
_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)

_ONCE = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
"""For what has no key by which AWS knows a second try for the first."""
_ASKING = Config(connect_timeout=1, read_timeout=7, retries={"total_max_attempts": 1})
"""A room asked may start cold, or ask others itself. Whoever asks from an API function still has
time to answer that it got none."""

THROTTLED = {"ThrottlingException", "ProvisionedThroughputExceededException", "Throttling"}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str, config: Config = _CONFIG) -> Any:
    return _session().create_client(service, config=config)


@cache
def connections(endpoint: str) -> Any:
    """Of one WebSocket API, whose address it has."""
    return _session().create_client(
        "apigatewaymanagementapi", config=_CONFIG, endpoint_url=endpoint
    )


@cache
def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", _client("dynamodb"))


@cache
def eventbridge() -> EventBridgeClient:
    return cast("EventBridgeClient", _client("events"))


@cache
def functions() -> LambdaClient:
    """To ask another room."""
    return cast("LambdaClient", _client("lambda", _ASKING))


@cache
def ses() -> SESClient:
    return cast("SESClient", _client("ses", _ONCE))


@cache
def sns() -> SNSClient:
    return cast("SNSClient", _client("sns", _ONCE))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", _client("sqs"))


@cache
def secretsmanager() -> SecretsManagerClient:
    return cast("SecretsManagerClient", _client("secretsmanager"))


@cache
def stepfunctions() -> SFNClient:
    return cast("SFNClient", _client("stepfunctions"))
