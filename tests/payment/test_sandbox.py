"""The sandbox does what its tokens say, as real providers do it at their worst."""

from __future__ import annotations

import time

import pytest

from souk.payment import sandbox as module
from souk.payment.provider import BadSignature, NoAnswer, Notice
from souk.payment.sandbox import Sandbox
from tests.payment.builders import TOTAL, a_wish
from tests.payment.fakes import Mailbox


def asked(sandbox: Sandbox, token: str) -> str:
    """Asks once and hears what there is to hear; answers the reference."""
    wish = a_wish(token)
    reference = sandbox.open(wish)
    try:
        sandbox.authorize(reference, wish)
    except NoAnswer:
        return reference
    return reference


def seconds_later(monkeypatch: pytest.MonkeyPatch) -> None:
    then = time.time() + module.SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: then)


@pytest.mark.cloud
@pytest.mark.parametrize("token", ["tok_ok", "tok_test", "tok_replay", "tok_anything"])
def test_any_other_token_is_good(sandbox: Sandbox, token: str) -> None:
    assert sandbox.find(asked(sandbox, token)).status == "authorized"


@pytest.mark.cloud
@pytest.mark.parametrize(
    ("token", "reason"),
    [("tok_declined", "card-declined"), ("tok_insufficient_funds", "insufficient-funds")],
)
def test_some_say_no(sandbox: Sandbox, token: str, reason: str) -> None:
    standing = sandbox.find(asked(sandbox, token))

    assert (standing.status, standing.reason, standing.authorized) == ("declined", reason, 0)


@pytest.mark.cloud
def test_the_slow_one_is_authorised_some_seconds_later(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = asked(sandbox, "tok_slow")
    assert sandbox.find(reference).status == "pending"

    seconds_later(monkeypatch)

    assert sandbox.find(reference).authorized == TOTAL.amount


@pytest.mark.cloud
def test_the_slow_one_let_go_is_never_authorised(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = asked(sandbox, "tok_slow")
    sandbox.void(reference)

    seconds_later(monkeypatch)

    assert (sandbox.find(reference).status, sandbox.find(reference).authorized) == ("voided", 0)


@pytest.mark.cloud
def test_one_needs_time_for_good(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = asked(sandbox, "tok_never")

    seconds_later(monkeypatch)

    assert sandbox.find(reference).status == "pending"


@pytest.mark.cloud
def test_one_is_authorised_without_an_answer(sandbox: Sandbox) -> None:
    wish = a_wish("tok_timeout")
    reference = sandbox.open(wish)

    with pytest.raises(NoAnswer):
        sandbox.authorize(reference, wish)

    assert sandbox.find(reference).authorized == TOTAL.amount


@pytest.mark.cloud
def test_one_is_lost_on_the_way(sandbox: Sandbox) -> None:
    wish = a_wish("tok_lost")
    reference = sandbox.open(wish)

    with pytest.raises(NoAnswer):
        sandbox.authorize(reference, wish)

    assert sandbox.find(reference).status == "open"
    assert sandbox.authorize(reference, wish).status == "authorized"


@pytest.mark.cloud
def test_one_lost_on_the_way_and_let_go_is_never_authorised(sandbox: Sandbox) -> None:
    wish = a_wish("tok_lost")
    reference = sandbox.open(wish)
    with pytest.raises(NoAnswer):
        sandbox.authorize(reference, wish)

    sandbox.void(reference)

    assert sandbox.authorize(reference, wish).status == "voided"


@pytest.mark.cloud
def test_one_shows_in_the_books_some_seconds_later(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = asked(sandbox, "tok_late")
    assert sandbox.find(reference).status == "open"
    for act in (sandbox.void, sandbox.capture):
        with pytest.raises(NoAnswer):
            act(reference)

    seconds_later(monkeypatch)

    assert sandbox.find(reference).authorized == TOTAL.amount
    assert sandbox.void(reference).status == "voided"


@pytest.mark.cloud
def test_one_is_told_of_twice_before_the_answer(sandbox: Sandbox, mailbox: Mailbox) -> None:
    reference = asked(sandbox, "tok_twice")

    heard = [sandbox.read_notice(*notice) for notice in mailbox.notices]
    assert heard == [Notice(reference, reference.removeprefix("sbx_"))] * 2


SANDBOX = Sandbox("nowhere", lambda: "the-secret", Mailbox().take)


def test_a_notice_is_read_if_it_is_signed() -> None:
    body, headers = SANDBOX.notice("sbx_o-1")

    assert SANDBOX.read_notice(body, headers) == Notice("sbx_o-1", "o-1")


def test_a_notice_changed_on_the_way_is_refused() -> None:
    body, headers = SANDBOX.notice("sbx_o-1")

    with pytest.raises(BadSignature):
        SANDBOX.read_notice(body.replace(b"o-1", b"o-2"), headers)


def test_a_notice_signed_with_another_secret_is_refused() -> None:
    stranger = Sandbox("nowhere", lambda: "another", Mailbox().take)

    with pytest.raises(BadSignature):
        SANDBOX.read_notice(*stranger.notice("sbx_o-1"))


@pytest.mark.parametrize("by", [-301, 301])
def test_a_notice_of_another_time_is_refused(monkeypatch: pytest.MonkeyPatch, by: int) -> None:
    sent = SANDBOX.notice("sbx_o-1")
    moved = time.time() + by
    monkeypatch.setattr(time, "time", lambda: moved)

    with pytest.raises(BadSignature):
        SANDBOX.read_notice(*sent)


@pytest.mark.parametrize("header", [{}, {"sandbox-signature": "t=1"}, {"sandbox-signature": ""}])
def test_a_notice_without_signature_is_refused(header: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        SANDBOX.read_notice(b"{}", header)
