"""Cached AWS clients. They use botocore without boto3, which adds 20 % to a cold start."""

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

# Two attempts and the pause between them fit into the 10 s timeout of an API function.
_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)

_INVOKE_CONFIG = Config(connect_timeout=1, read_timeout=7, retries={"total_max_attempts": 1})
"""For invoking another service's function: it gets 7 s, because it may start cold. That leaves an
API function, which has 10 s, time to report a timeout."""

_LEAN_CONFIG = Config(
    account_id_endpoint_mode="disabled", parameter_validation=False, user_agent="souk"
)
"""Disables user-agent detection, account-id endpoints and parameter validation: together 25 % of
the CPU time of a call. Types and AWS itself check the parameters."""

THROTTLING_CODES = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "Throttling",
}
"""Error codes by which AWS asks a client to slow down."""


@cache
def _session() -> botocore.session.Session:
    session = botocore.session.get_session()
    session.set_default_client_config(_LEAN_CONFIG)
    return session


def client(service: str, config: Config = _CONFIG, endpoint: str | None = None) -> Any:
    """A new client. For AWS services that a single service needs; shared ones are cached below."""
    return _session().create_client(service, config=config, endpoint_url=endpoint)


@cache
def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", client("dynamodb"))


@cache
def eventbridge() -> EventBridgeClient:
    return cast("EventBridgeClient", client("events"))


@cache
def lambda_client() -> LambdaClient:
    return cast("LambdaClient", client("lambda", _INVOKE_CONFIG))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", client("sqs"))


@cache
def secretsmanager() -> SecretsManagerClient:
    return cast("SecretsManagerClient", client("secretsmanager"))


@cache
def stepfunctions() -> SFNClient:
    return cast("SFNClient", client("stepfunctions"))
