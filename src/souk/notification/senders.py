"""Sends emails by SES and staff messages by SNS.

SES error messages quote email addresses, so only the error codes leave this module. An email that
SES accepted can still bounce, days later: SES reports that on the account's default bus, and a
rule turns the report into EmailBounced.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from souk.kernel import aws
from souk.kernel.events import Event
from souk.notification.domain import NotAccepted, Undeliverable

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sns import SNSClient

    from souk.notification.domain import Email, EmailContent

PERMANENT_ERRORS = {
    "MessageRejected": "message-rejected",
    "InvalidParameterValue": "invalid-address",
}
"""SES error codes that a retry does not change, with their slugs."""

UNVERIFIED = "is not verified"
"""A MessageRejected with this text is a setup error of the shop: the email is retried."""

MAX_SUBJECT_LENGTH = 100  # characters; limit of SNS

_TAG_SEPARATOR = "_"
"""Replaces the # of an email's name: tag values allow only letters, digits, - and _."""

_NO_RETRY_CONFIG = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
"""Neither API has an idempotency key, so a retry could send a message twice."""


@cache
def ses() -> SESClient:
    return cast("SESClient", aws.client("ses", _NO_RETRY_CONFIG))


@cache
def sns() -> SNSClient:
    return cast("SNSClient", aws.client("sns", _NO_RETRY_CONFIG))


class EmailBounced(Event, frozen=True, kw_only=True):
    """SES could not deliver the email and will not retry.

    `order` and `email` are the tags it was sent with; SES reports each as a list of one value.
    `reason` is SES's bounce type: Permanent, Transient or Undetermined.
    """

    order: tuple[str]
    email: tuple[str]
    reason: str

    @property
    def name(self) -> str:
        return self.email[0].replace(_TAG_SEPARATOR, "#")


class SesEmailSender:
    """Sends emails from the shop's address. `sender` is the From header."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, to: str, content: EmailContent, email: Email) -> str:
        """Returns SES's message id. Raises Undeliverable, NotAccepted.

        Any other error, such as a read timeout, leaves it unknown whether the email was sent.
        """
        try:
            response = ses().send_email(
                Source=self._sender,
                Destination={"ToAddresses": [to]},
                Message={
                    "Subject": {"Data": content.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": content.text, "Charset": "UTF-8"},
                        "Html": {"Data": content.html, "Charset": "UTF-8"},
                    },
                },
                Tags=[
                    {"Name": "order", "Value": email.about},
                    {"Name": "email", "Value": email.name.replace("#", _TAG_SEPARATOR)},
                ],
            )
        except ClientError as error:
            raise _translate_error(error) from None
        return response["MessageId"]


class SnsStaffChannel:
    """Sends messages to all subscribers of the staff topic."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn

    def send(self, subject: str, text: str) -> str:
        """Returns SNS's message id. Raises NotAccepted."""
        try:
            response = sns().publish(
                TopicArn=self._topic_arn, Subject=subject[:MAX_SUBJECT_LENGTH], Message=text
            )
        except ClientError as error:
            raise NotAccepted(f"SNS: {error.response['Error']['Code']}") from None
        return response["MessageId"]


def _translate_error(error: ClientError) -> Undeliverable | NotAccepted:
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in PERMANENT_ERRORS and UNVERIFIED not in text:
        return Undeliverable(PERMANENT_ERRORS[code])
    return NotAccepted(f"SES: {code}")
