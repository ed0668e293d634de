"""What SES and SNS answer, and what of it goes on: never an address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from souk.kernel.logs import logger
from souk.notification import post
from souk.notification.domain import Letter, Mail, NotTaken, Undeliverable
from souk.notification.post import MailBounced, SesPost, SnsBoard
from tests.kernel.logs import logged

LETTER = Letter("Your order", "Dear Ada", "<p>Dear Ada</p>")
MAIL = Mail("order-1", "refunded#return-1", LETTER.subject)
ADDRESS = "ada@example.org"


class FakeAws:
    """SES and SNS: fails as it is told, else remembers."""

    def __init__(self, fails: Exception | None = None) -> None:
        self._fails = fails
        self.calls: list[dict[str, Any]] = []

    def send_email(self, **call: Any) -> dict[str, str]:
        return self._answer(call)

    def publish(self, **call: Any) -> dict[str, str]:
        return self._answer(call)

    def _answer(self, call: dict[str, Any]) -> dict[str, str]:
        self.calls.append(call)
        if self._fails:
            raise self._fails
        return {"MessageId": "message-1"}


def refusal(code: str, text: str = f"about {ADDRESS}") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "SendEmail")


def send(monkeypatch: pytest.MonkeyPatch, fails: Exception | None = None) -> FakeAws:
    fake = FakeAws(fails)
    monkeypatch.setattr(post, "ses", lambda: fake)
    SesPost("Souk <orders@souk.example>").send(ADDRESS, LETTER, MAIL)
    return fake


def test_a_letter_is_sent_in_both_its_forms_from_the_shops_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (call,) = send(monkeypatch).calls

    assert call["Source"] == "Souk <orders@souk.example>"
    assert call["Destination"] == {"ToAddresses": [ADDRESS]}
    body = call["Message"]["Body"]
    assert (body["Text"]["Data"], body["Html"]["Data"]) == (LETTER.text, LETTER.html)


@pytest.mark.parametrize(
    ("refused", "raises", "reason"),
    [
        (refusal("MessageRejected"), Undeliverable, "message-rejected"),
        (refusal("InvalidParameterValue"), Undeliverable, "invalid-address"),
        (
            refusal("MessageRejected", f"Email address is not verified: {ADDRESS}"),
            NotTaken,
            "SES: MessageRejected",
        ),
        (refusal("Throttling"), NotTaken, "SES: Throttling"),
        (refusal("ServiceUnavailable"), NotTaken, "SES: ServiceUnavailable"),
        (refusal("AccessDenied"), NotTaken, "SES: AccessDenied"),
    ],
)
def test_a_refusal_is_for_good_only_where_the_mail_itself_is_at_fault(
    monkeypatch: pytest.MonkeyPatch, refused: ClientError, raises: type[Exception], reason: str
) -> None:
    with pytest.raises(raises) as told:
        send(monkeypatch, refused)
    with logged() as lines:
        logger.warning("will be tried again", exc_info=told.value)

    assert str(told.value) == reason
    assert len(lines) == 1
    assert ADDRESS not in str(lines)


def test_an_answer_that_was_lost_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadTimeoutError):
        send(monkeypatch, ReadTimeoutError(endpoint_url="https://email.example"))


def test_nothing_is_sent_a_second_time_by_the_client_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    clients: tuple[Any, ...] = (post.ses.__wrapped__(), post.sns.__wrapped__())

    assert [each.meta.config.retries["total_max_attempts"] for each in clients] == [1, 1]


def test_word_to_staff_has_a_subject_that_sns_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAws()
    monkeypatch.setattr(post, "sns", lambda: fake)

    SnsBoard("the-topic").tell("s" * 120, "text")

    (call,) = fake.calls
    assert (call["TopicArn"], len(call["Subject"])) == ("the-topic", 100)


def test_a_topic_that_does_not_take_it_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "sns", lambda: FakeAws(refusal("Throttled")))

    with pytest.raises(NotTaken, match="SNS: Throttled"):
        SnsBoard("the-topic").tell("subject", "text")


def test_a_mail_that_comes_back_is_known_by_the_tags_it_was_sent_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (call,) = send(monkeypatch).calls

    tags = {tag["Name"]: (tag["Value"],) for tag in call["Tags"]}
    bounced = MailBounced(order=tags["order"], mail=tags["mail"], reason="Permanent")

    assert (bounced.order[0], bounced.name) == (MAIL.about, MAIL.name)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", tag["Value"]) for tag in call["Tags"])
