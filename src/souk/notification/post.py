"""The post: SES for mails, SNS for word to staff.

What SES says of a refusal quotes addresses, so only its code goes on from here. A mail it took may
still come back, days later: SES says so on AWS's own bus, and a rule makes MailBounced of it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from souk.kernel import aws
from souk.kernel.facts import Fact
from souk.notification.domain import NotTaken, Undeliverable

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sns import SNSClient

    from souk.notification.domain import Letter, Mail

FOR_GOOD = {"MessageRejected": "message-rejected", "InvalidParameterValue": "invalid-address"}
OURS = "is not verified"
"""MessageRejected for this is the shop's fault: the mail waits until a person has seen to it."""
MAX_SUBJECT = 100  # characters that SNS takes

_TAGGED = "_"
"""For the # of a mail's name: a tag's value is of letters, digits, - and _."""
_ONCE = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
"""Neither has a key by which it knows a second try for the first."""


@cache
def ses() -> SESClient:
    return cast("SESClient", aws.client("ses", _ONCE))


@cache
def sns() -> SNSClient:
    return cast("SNSClient", aws.client("sns", _ONCE))


class MailBounced(Fact, frozen=True, kw_only=True):
    """Nobody got this mail, and SES will not try again.

    `order` and `mail` are the tags it was sent with, each a list of one, as SES has them.
    `reason` is SES's type of bounce: Permanent, Transient, Undetermined.
    """

    order: tuple[str]
    mail: tuple[str]
    reason: str

    @property
    def name(self) -> str:
        return self.mail[0].replace(_TAGGED, "#")


class SesPost:
    """SES: takes mails from the shop's own address."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, to: str, letter: Letter, mail: Mail) -> str:
        """Without a try of botocore's own: an answer that was lost may be a mail that was sent."""
        try:
            answer = ses().send_email(
                Source=self._sender,
                Destination={"ToAddresses": [to]},
                Message={
                    "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": letter.text, "Charset": "UTF-8"},
                        "Html": {"Data": letter.html, "Charset": "UTF-8"},
                    },
                },
                Tags=[
                    {"Name": "order", "Value": mail.about},
                    {"Name": "mail", "Value": mail.name.replace("#", _TAGGED)},
                ],
            )
        except ClientError as error:
            raise _meaning(error) from None
        return answer["MessageId"]


class SnsBoard:
    """SNS: whoever is subscribed to the staff's topic is told."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def tell(self, subject: str, text: str) -> str:
        try:
            answer = sns().publish(
                TopicArn=self._topic, Subject=subject[:MAX_SUBJECT], Message=text
            )
        except ClientError as error:
            raise NotTaken(f"SNS: {error.response['Error']['Code']}") from None
        return answer["MessageId"]


def _meaning(error: ClientError) -> Undeliverable | NotTaken:
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in FOR_GOOD and OURS not in text:
        return Undeliverable(FOR_GOOD[code])
    return NotTaken(f"SES: {code}")
