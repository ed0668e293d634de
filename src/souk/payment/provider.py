"""The port to whoever moves the money."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from souk.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from souk.kernel.money import Money
    from souk.payment.domain import Standing


class NoAnswer(Exception):
    """It is not known whether the provider did what it was asked."""


class TokenRefused(Exception):
    """The provider cannot make a payment of this; the text is the reason, a slug."""


class BadSignature(Refusal):
    status = 400
    slug = "bad-signature"
    title = "This notice is not from the payment provider"


class ProviderSilent(Refusal):
    """To be told again: the provider is asked what its notice is about."""

    status = 503
    slug = "provider-silent"
    title = "The payment provider does not answer"
    retry_after = 60


class Wish(NamedTuple):
    """What is to be set aside, and the customer's token for it; the token is never kept here."""

    order_id: str
    amount: Money
    token: str


class Notice(msgspec.Struct, frozen=True):
    """A webhook that concerns a payment: it says that, never what, something changed."""

    reference: str
    order_id: str


class Provider(Protocol):
    """Whatever is asked twice for one order is done once; any call may raise NoAnswer.

    What the provider will not do changes nothing: the standing that is answered tells.
    """

    name: str

    def open(self, wish: Wish) -> str:
        """Make the payment known, the same for one order however often, and move no money.

        Its reference is what all else is asked by. Money can only be set aside by
        `authorize`, so whoever lets go of the reference first has closed that way for good.
        Raises TokenRefused.
        """

    def authorize(self, reference: str, wish: Wish) -> Standing: ...

    def capture(self, reference: str) -> Standing:
        """Take all that is set aside."""

    def void(self, reference: str) -> Standing:
        """Let go, whether or not anything is set aside; a later `authorize` sets nothing aside."""

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        """Give back part of what was captured, once per id; False if the provider will not."""

    def find(self, reference: str) -> Standing: ...

    def list(self, since: str, until: str) -> Iterable[Standing]:
        """All payments made known in this time (ISO 8601), with those that we do not know of."""

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """The webhook's payment, None when it is about something else. Raises BadSignature."""
