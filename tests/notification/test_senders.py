"""The calls of SES and SNS, and their errors, which never contain an email address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from souk.kernel.logs import logger
from souk.notification import senders
from souk.notification.domain import Email, EmailContent, NotAccepted, Undeliverable
from souk.notification.senders import EmailBounced, SesEmailSender, SnsStaffChannel
from tests.kernel.logs import capture_log

CONTENT = EmailContent("Your order", "Dear Ada", "<p>Dear Ada</p>")
EMAIL = Email("order-1", "refunded#return-1", CONTENT.subject)
ADDRESS = "ada@example.org"


class FakeAws:
    """SES and SNS. Records its calls, and raises `error` if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.calls: list[dict[str, Any]] = []

    def send_email(self, **call: Any) -> dict[str, str]:
        return self._respond(call)

    def publish(self, **call: Any) -> dict[str, str]:
        return self._respond(call)

    def _respond(self, call: dict[str, Any]) -> dict[str, str]:
        self.calls.append(call)
        if self._error:
            raise self._error
        return {"MessageId": "message-1"}


def a_client_error(code: str, text: str = f"about {ADDRESS}") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "SendEmail")


def send(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> FakeAws:
    fake = FakeAws(error)
    monkeypatch.setattr(senders, "ses", lambda: fake)
    SesEmailSender("Souk <orders@souk.example>").send(ADDRESS, CONTENT, EMAIL)
    return fake


def test_an_email_is_sent_from_the_shops_address_as_text_and_html(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (call,) = send(monkeypatch).calls

    assert call["Source"] == "Souk <orders@souk.example>"
    assert call["Destination"] == {"ToAddresses": [ADDRESS]}
    body = call["Message"]["Body"]
    assert (body["Text"]["Data"], body["Html"]["Data"]) == (CONTENT.text, CONTENT.html)


@pytest.mark.parametrize(
    ("error", "raises", "reason"),
    [
        (a_client_error("MessageRejected"), Undeliverable, "message-rejected"),
        (a_client_error("InvalidParameterValue"), Undeliverable, "invalid-address"),
        (
            a_client_error("MessageRejected", f"Email address is not verified: {ADDRESS}"),
            NotAccepted,
            "SES: MessageRejected",
        ),
        (a_client_error("Throttling"), NotAccepted, "SES: Throttling"),
        (a_client_error("ServiceUnavailable"), NotAccepted, "SES: ServiceUnavailable"),
        (a_client_error("AccessDenied"), NotAccepted, "SES: AccessDenied"),
    ],
)
def test_only_an_error_of_the_email_itself_makes_it_undeliverable(
    monkeypatch: pytest.MonkeyPatch, error: ClientError, raises: type[Exception], reason: str
) -> None:
    with pytest.raises(raises) as raised:
        send(monkeypatch, error)
    with capture_log() as lines:
        logger.warning("will be retried", exc_info=raised.value)

    assert str(raised.value) == reason
    assert len(lines) == 1
    assert ADDRESS not in str(lines)


def test_a_lost_response_is_neither_undeliverable_nor_not_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ReadTimeoutError):
        send(monkeypatch, ReadTimeoutError(endpoint_url="https://email.example"))


def test_the_clients_themselves_never_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    clients: tuple[Any, ...] = (senders.ses.__wrapped__(), senders.sns.__wrapped__())

    assert [each.meta.config.retries["total_max_attempts"] for each in clients] == [1, 1]


def test_the_subject_of_a_staff_message_is_cut_to_the_limit_of_sns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeAws()
    monkeypatch.setattr(senders, "sns", lambda: fake)

    SnsStaffChannel("the-topic").send("s" * 120, "text")

    (call,) = fake.calls
    assert (call["TopicArn"], len(call["Subject"])) == ("the-topic", 100)


def test_an_error_of_sns_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "sns", lambda: FakeAws(a_client_error("Throttled")))

    with pytest.raises(NotAccepted, match="SNS: Throttled"):
        SnsStaffChannel("the-topic").send("subject", "text")


def test_a_bounced_email_is_identified_by_the_tags_it_was_sent_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (call,) = send(monkeypatch).calls

    tags = {tag["Name"]: (tag["Value"],) for tag in call["Tags"]}
    bounced = EmailBounced(order=tags["order"], email=tags["email"], reason="Permanent")

    assert (bounced.order[0], bounced.name) == (EMAIL.about, EMAIL.name)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", tag["Value"]) for tag in call["Tags"])
