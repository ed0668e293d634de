"""The person's own AWS account: who they are there, and what can be wrong with it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore import exceptions

from infra.assets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOTSTRAP_VERSION: Final = "/cdk-bootstrap/hnb659fds/version"
EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN: Final = frozenset({
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
FORBIDDEN: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
SIGN_IN: Final = "sign in (aws sso login, or aws configure) or name a profile with AWS_PROFILE"


class AccountError(Exception):
    """Why nothing can be done in this account, in one sentence."""


def session() -> boto3.Session:
    """By the usual AWS configuration: environment, profile, sign-in. Raises AccountError."""
    with plainly("AWS"):
        found = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # as other AWS tools do
    if found.region_name is None:
        raise AccountError(
            "No AWS region is chosen: set AWS_REGION, or a region in your AWS profile."
        )
    return found


def target(session: boto3.Session) -> Target:
    """Account and region, once they are known to be ready for a deployment."""
    found = Target.of(session)
    ssm = session.client("ssm")
    try:
        ssm.get_parameter(Name=BOOTSTRAP_VERSION)
    except ssm.exceptions.ParameterNotFound as error:
        raise AccountError(
            f"The account {found.account} is not prepared for deployments in {found.region}; do it"
            f" once with: npx aws-cdk bootstrap aws://{found.account}/{found.region}"
        ) from error
    return found


@contextmanager
def plainly(region: str) -> Iterator[None]:
    """What goes wrong with an account inside is raised as AccountError, in one sentence."""
    try:
        yield
    except exceptions.ClientError as error:
        raise AccountError(_refused(error, region)) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError) as error:
        raise AccountError("Your AWS sign-in has expired: run aws sso login.") from error
    except (exceptions.NoCredentialsError, exceptions.CredentialRetrievalError) as error:
        raise AccountError(f"No AWS credentials were found: {SIGN_IN}.") from error
    except exceptions.PartialCredentialsError as error:
        raise AccountError(f"The AWS credentials are incomplete: {SIGN_IN}.") from error
    except (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.InvalidRegionError,
    ) as error:
        raise AccountError(
            f"AWS cannot be reached in {region}: is the region right, and is there a network?"
        ) from error
    except exceptions.BotoCoreError as error:
        raise AccountError(f"The AWS configuration does not work: {error}.") from error


def _refused(error: exceptions.ClientError, region: str) -> str:
    answer = error.response["Error"]
    code, said = answer["Code"], answer["Message"].rstrip(".")
    if code in EXPIRED:
        return "Your AWS credentials have expired: sign in again (aws sso login)."
    if code in UNKNOWN:
        return (
            f"AWS does not know these credentials in {region} ({code}):"
            f" {SIGN_IN}; a region outside of your account's says the same."
        )
    if code in FORBIDDEN:
        return f"Your AWS identity may not do this: {said}."
    return f"AWS refused {error.operation_name}: {said} ({code})."
