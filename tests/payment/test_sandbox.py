"""The sandbox: the behavior that its tokens select, and its signed webhooks."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from souk.payment import sandbox as module
from souk.payment.provider import BadSignature, ProviderUnavailable, WebhookEvent
from souk.payment.sandbox import Sandbox
from tests.payment.builders import TOTAL, an_authorization_request
from tests.payment.fakes import WebhookRecorder


def authorize(sandbox: Sandbox, token: str) -> str:
    """Request an authorization once, with or without a response. Returns the reference."""
    request = an_authorization_request(token)
    reference = sandbox.open(request)
    with suppress(ProviderUnavailable):
        sandbox.authorize(reference, request)
    return reference


def pass_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the clock past the sandbox's delay."""
    later = time.time() + module.DELAY_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)


@pytest.mark.cloud
@pytest.mark.parametrize("token", ["tok_ok", "tok_test", "tok_replay", "tok_anything"])
def test_any_other_token_is_authorized(sandbox: Sandbox, token: str) -> None:
    assert sandbox.find(authorize(sandbox, token)).status == "authorized"


@pytest.mark.cloud
@pytest.mark.parametrize(
    ("token", "reason"),
    [("tok_declined", "card-declined"), ("tok_insufficient_funds", "insufficient-funds")],
)
def test_a_declining_token_is_declined_with_its_reason(
    sandbox: Sandbox, token: str, reason: str
) -> None:
    state = sandbox.find(authorize(sandbox, token))

    assert (state.status, state.reason, state.authorized) == ("declined", reason, 0)


@pytest.mark.cloud
def test_a_slow_token_is_authorized_after_the_delay(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = authorize(sandbox, "tok_slow")
    assert sandbox.find(reference).status == "pending"

    pass_delay(monkeypatch)

    assert sandbox.find(reference).authorized == TOTAL.amount


@pytest.mark.cloud
def test_a_slow_token_voided_during_the_delay_is_never_authorized(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = authorize(sandbox, "tok_slow")
    sandbox.void(reference)

    pass_delay(monkeypatch)

    assert (sandbox.find(reference).status, sandbox.find(reference).authorized) == ("voided", 0)


@pytest.mark.cloud
def test_the_never_token_stays_pending(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = authorize(sandbox, "tok_never")

    pass_delay(monkeypatch)

    assert sandbox.find(reference).status == "pending"


@pytest.mark.cloud
def test_the_timeout_token_is_authorized_without_a_response(sandbox: Sandbox) -> None:
    request = an_authorization_request("tok_timeout")
    reference = sandbox.open(request)

    with pytest.raises(ProviderUnavailable):
        sandbox.authorize(reference, request)

    assert sandbox.find(reference).authorized == TOTAL.amount


@pytest.mark.cloud
def test_the_lost_token_is_authorized_on_the_second_request(sandbox: Sandbox) -> None:
    request = an_authorization_request("tok_lost")
    reference = sandbox.open(request)

    with pytest.raises(ProviderUnavailable):
        sandbox.authorize(reference, request)

    assert sandbox.find(reference).status == "open"
    assert sandbox.authorize(reference, request).status == "authorized"


@pytest.mark.cloud
def test_the_lost_token_voided_before_the_repeat_is_never_authorized(sandbox: Sandbox) -> None:
    request = an_authorization_request("tok_lost")
    reference = sandbox.open(request)
    with pytest.raises(ProviderUnavailable):
        sandbox.authorize(reference, request)

    sandbox.void(reference)

    assert sandbox.authorize(reference, request).status == "voided"


@pytest.mark.cloud
def test_the_late_token_is_visible_after_the_delay(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = authorize(sandbox, "tok_late")
    assert sandbox.find(reference).status == "open"
    for call in (sandbox.void, sandbox.capture):
        with pytest.raises(ProviderUnavailable):
            call(reference)

    pass_delay(monkeypatch)

    assert sandbox.find(reference).authorized == TOTAL.amount
    assert sandbox.void(reference).status == "voided"


@pytest.mark.cloud
def test_the_twice_token_sends_two_webhooks_before_the_response(
    sandbox: Sandbox, recorder: WebhookRecorder
) -> None:
    reference = authorize(sandbox, "tok_twice")

    events = [sandbox.parse_webhook(*webhook) for webhook in recorder.webhooks]
    assert events == [WebhookEvent(reference, reference.removeprefix("sbx_"))] * 2


SANDBOX = Sandbox("no-table", lambda: "the-secret", WebhookRecorder().record)


def test_a_signed_webhook_is_accepted() -> None:
    body, headers = SANDBOX.create_webhook("sbx_o-1")

    assert SANDBOX.parse_webhook(body, headers) == WebhookEvent("sbx_o-1", "o-1")


def test_a_webhook_with_a_changed_body_is_rejected() -> None:
    body, headers = SANDBOX.create_webhook("sbx_o-1")

    with pytest.raises(BadSignature):
        SANDBOX.parse_webhook(body.replace(b"o-1", b"o-2"), headers)


def test_a_webhook_signed_with_another_secret_is_rejected() -> None:
    other = Sandbox("no-table", lambda: "another", WebhookRecorder().record)

    with pytest.raises(BadSignature):
        SANDBOX.parse_webhook(*other.create_webhook("sbx_o-1"))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_webhook_outside_the_time_tolerance_is_rejected(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    webhook = SANDBOX.create_webhook("sbx_o-1")
    clock = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: clock)

    with pytest.raises(BadSignature):
        SANDBOX.parse_webhook(*webhook)


@pytest.mark.parametrize("headers", [{}, {"sandbox-signature": "t=1"}, {"sandbox-signature": ""}])
def test_a_webhook_without_a_valid_signature_is_rejected(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        SANDBOX.parse_webhook(b"{}", headers)
