"""The AWS account to deploy to: its session, its readiness, and its errors in plain sentences."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore import exceptions

from infra.assets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOTSTRAP_VERSION_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
INVALID_CREDENTIALS_CODES: Final = frozenset({
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
ACCESS_DENIED_CODES: Final = frozenset({
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
})  # fmt: skip
SIGN_IN_HINT: Final = (
    "sign in with `aws sso login` or `aws configure`, or choose a profile with AWS_PROFILE"
)


class AccountError(Exception):
    """The account cannot be used. The message is one sentence for the user."""


def create_session() -> boto3.Session:
    """A session from the usual AWS configuration: environment, profile, sign-in.

    Raises AccountError when there is no valid configuration or no region.
    """
    with account_errors("AWS"):
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if session.region_name is None:
        raise AccountError("No AWS region is set. Set AWS_REGION, or a region in your AWS profile.")
    return session


def require_bootstrap(session: boto3.Session) -> Target:
    """The session's account and region.

    Raises AccountError unless `cdk bootstrap` has prepared them for deployments.
    """
    target = Target.of(session)
    ssm = session.client("ssm")
    try:
        ssm.get_parameter(Name=BOOTSTRAP_VERSION_PARAMETER)
    except ssm.exceptions.ParameterNotFound as error:
        raise AccountError(
            f"The account {target.account} is not bootstrapped in {target.region}."
            f" Run once: npx aws-cdk bootstrap aws://{target.account}/{target.region}"
        ) from error
    return target


@contextmanager
def account_errors(region: str) -> Iterator[None]:
    """Converts the AWS errors inside the block to AccountError."""
    try:
        yield
    except exceptions.ClientError as error:
        raise AccountError(_client_error_message(error, region)) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError) as error:
        raise AccountError("Your AWS sign-in has expired. Run `aws sso login`.") from error
    except (exceptions.NoCredentialsError, exceptions.CredentialRetrievalError) as error:
        raise AccountError(f"No AWS credentials were found: {SIGN_IN_HINT}.") from error
    except exceptions.PartialCredentialsError as error:
        raise AccountError(f"The AWS credentials are incomplete: {SIGN_IN_HINT}.") from error
    except (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.InvalidRegionError,
    ) as error:
        raise AccountError(
            f"AWS cannot be reached in {region}. Check the region and your network connection."
        ) from error
    except exceptions.BotoCoreError as error:
        raise AccountError(f"The AWS configuration is invalid: {error}.") from error


def _client_error_message(error: exceptions.ClientError, region: str) -> str:
    response = error.response["Error"]
    code, message = response["Code"], response["Message"].rstrip(".")
    if code in EXPIRED_CODES:
        return "Your AWS credentials have expired. Sign in again with `aws sso login`."
    if code in INVALID_CREDENTIALS_CODES:
        return (
            f"AWS does not accept these credentials in {region} ({code}): {SIGN_IN_HINT}."
            " A region that your account has not enabled gives the same error."
        )
    if code in ACCESS_DENIED_CODES:
        return f"Your AWS identity lacks a permission: {message}."
    return f"{error.operation_name} failed: {message} ({code})."
