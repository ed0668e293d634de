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
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# Two tries and the pause between them end within the 10 s an API function has.
_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)

_ASKING = Config(connect_timeout=1, read_timeout=7, retries={"total_max_attempts": 1})
"""A room asked may start cold, or ask others itself. Whoever asks from an API function still has
time to answer that it got none."""

_LEAN = Config(account_id_endpoint_mode="disabled", parameter_validation=False, user_agent="souk")
"""Of the processor's time a call takes, a quarter went into naming the machine it comes from, an
endpoint of the account's own, each time anew, and checks that types and AWS itself make as well."""

THROTTLED = {"ThrottlingException", "ProvisionedThroughputExceededException", "Throttling"}


@cache
def _session() -> botocore.session.Session:
    session = botocore.session.get_session()
    session.set_default_client_config(_LEAN)
    return session


def client(service: str, config: Config = _CONFIG, endpoint: str | None = None) -> Any:
    """A new one, for the room that alone needs this service; what all need is made below."""
    return _session().create_client(service, config=config, endpoint_url=endpoint)


@cache
def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", client("dynamodb"))


@cache
def eventbridge() -> EventBridgeClient:
    return cast("EventBridgeClient", client("events"))


@cache
def functions() -> LambdaClient:
    """To ask another room."""
    return cast("LambdaClient", client("lambda", _ASKING))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", client("sqs"))


@cache
def secretsmanager() -> SecretsManagerClient:
    return cast("SecretsManagerClient", client("secretsmanager"))


@cache
def stepfunctions() -> SFNClient:
    return cast("SFNClient", client("stepfunctions"))
