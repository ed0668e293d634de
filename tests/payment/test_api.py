"""The provider's notices, as they come in from outside."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from souk.edges import http
from souk.payment import handlers, usecases
from souk.payment.domain import PaymentPending, Status
from souk.payment.handlers import PaymentSettings
from tests.kernel.builders import Response, answer_to
from tests.kernel.logs import logged
from tests.payment.builders import an_authorize
from tests.payment.fakes import FakePayments, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

call = partial(answer_to, http.api(handlers.ROUTES), "POST")
PATH = "/api/payments/webhooks/sandbox"


class Room:
    def __init__(self) -> None:
        self.payments = FakePayments()
        self.provider = FakeProvider()
        self.asked = an_authorize()

    def begin(self) -> None:
        """A payment the provider needs time for."""
        self.provider.is_slow = True
        with pytest.raises(PaymentPending):
            usecases.authorize(self.asked, payments=self.payments, provider=self.provider)

    def notice(self, signed: str = "yes", path: str = PATH) -> Response:
        body = {"reference": f"ref-{self.asked.order_id}", "order_id": self.asked.order_id}
        return call(path, body=msgspec.json.encode(body).decode(), signed=signed)

    @property
    def status(self) -> Status | None:
        payment = self.payments.get(self.asked.order_id)
        return payment.status if payment else None


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room()
    known = PaymentSettings(
        table_name="nowhere", payment_provider="sandbox", payment_secret="nothing"
    )
    monkeypatch.setattr(handlers, "settings", lambda: known)
    monkeypatch.setattr(handlers, "payments", lambda: room.payments)
    monkeypatch.setattr(handlers, "provider", lambda: room.provider)
    return room


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    with logged() as lines:
        yield lines


def test_a_notice_makes_us_ask_and_twice_is_once(room: Room) -> None:
    room.begin()
    room.provider.settle(f"ref-{room.asked.order_id}")

    answers = [room.notice(), room.notice()]

    assert [(each.status, each.body) for each in answers] == [(200, {"known": True})] * 2
    assert room.status is Status.AUTHORIZED
    assert len(room.payments.said) == 1


def test_a_notice_with_a_bad_signature_is_refused(room: Room) -> None:
    room.begin()
    room.provider.settle(f"ref-{room.asked.order_id}")

    refused = room.notice(signed="no")

    assert (refused.status, refused.body["type"]) == (400, "/problems/bad-signature")
    assert room.status is Status.PENDING


def test_a_notice_of_no_payment_of_ours_is_taken_and_does_no_harm(
    room: Room, log: list[dict[str, Any]]
) -> None:
    answer = room.notice()

    assert (answer.status, answer.body) == (200, {"known": False})
    assert room.status is None
    assert [line["order_id"] for line in log if line["level"] == "WARNING"] == [room.asked.order_id]


def test_a_notice_from_a_provider_the_shop_has_not_is_not_found(room: Room) -> None:
    assert room.notice(path="/api/payments/webhooks/stripe").status == 404


def test_a_notice_is_sent_again_while_the_provider_is_silent(room: Room) -> None:
    room.begin()
    room.provider.silent = {"find": "before"}

    answer = room.notice()

    assert (answer.status, answer.body["type"]) == (503, "/problems/provider-silent")
    assert "Retry-After" in answer.headers


def test_a_notice_is_read_byte_by_byte_however_it_is_sent(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(room.provider, "read_notice", lambda body, _: seen.append(body))

    call(PATH, body='{"a":  "é"}')
    call(PATH, body='{"a":  "é"}'.encode())
    call(PATH)

    assert seen == ['{"a":  "é"}'.encode()] * 2 + [b""]
