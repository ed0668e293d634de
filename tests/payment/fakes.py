"""An in-memory ledger and provider, and the real ledger with readable events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from souk.kernel.clock import now, timestamp
from souk.kernel.errors import ConcurrentUpdate
from souk.payment import events
from souk.payment.domain import LedgerEntry, Payment, PaymentChange, ProviderState
from souk.payment.provider import (
    AuthorizationRequest,
    BadSignature,
    ProviderUnavailable,
    WebhookEvent,
)
from souk.payment.store import PaymentStore
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.kernel.events import Event
    from souk.kernel.money import Money

ResultT = TypeVar("ResultT")
EVENTS = (
    events.PaymentAuthorized,
    events.PaymentDeclined,
    events.PaymentCaptured,
    events.PaymentVoided,
    events.PaymentRefunded,
)


class Killed(BaseException):
    """The function ends here, as at a timeout. `except Exception` does not catch it."""


class FakePayments:
    """The ledger in memory.

    The function is killed before the save number `killed_before`, or after the save number
    `killed_after`.
    """

    def __init__(self) -> None:
        self._payments: dict[str, Payment] = {}
        self._entries: dict[str, list[LedgerEntry]] = {}
        self._changed_at: dict[str, str] = {}
        self._cursor: str | None = None
        self.published: list[Event] = []
        self.save_count = 0
        self.killed_before: int | None = None
        self.killed_after: int | None = None

    def get(self, order_id: str) -> Payment | None:
        return self._payments.get(order_id)

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        return {each: self._payments[each] for each in order_ids if each in self._payments}

    def entries(self, order_id: str) -> list[LedgerEntry]:
        return sorted(self._entries.get(order_id, []), key=lambda entry: entry.key)

    def save(self, before: Payment | None, change: PaymentChange) -> Payment:
        self.save_count += 1
        if self.save_count == self.killed_before:
            raise Killed
        order_id = change.payment.order_id
        stored = self._payments.get(order_id)
        if (stored.version if stored else 0) != (before.version if before else 0):
            raise ConcurrentUpdate(order_id)
        entries = self._entries.setdefault(order_id, [])
        assert not {entry.key for entry in entries} & {entry.key for entry in change.entries}
        entries += change.entries
        self.published += change.events
        version = (before.version if before else 0) + 1
        self._payments[order_id] = msgspec.structs.replace(change.payment, version=version)
        self._changed_at[order_id] = timestamp(now())
        if self.save_count == self.killed_after:
            raise Killed
        return self._payments[order_id]

    def unsettled_order_ids(self, before: str) -> Iterator[str]:
        for order_id, payment in list(self._payments.items()):
            if payment.is_unsettled and self._changed_at[order_id] < before:
                yield order_id

    def cursor(self) -> str | None:
        return self._cursor

    def move_cursor(self, until: str) -> None:
        self._cursor = until


class StoredPayments(PaymentStore):
    """The real ledger on a table without an outbox relay."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, *EVENTS)


class FakeProvider:
    """A provider in memory that can simulate faults.

    `timeouts` names calls without a response and `kills` calls during which the function is
    killed; the value tells whether that is "before" or "after" the provider acts.
    `concurrent_actions` are what others do during a call.
    """

    name = "fake"

    def __init__(self) -> None:
        self.states: dict[str, ProviderState] = {}
        self.amounts: dict[str, int] = {}
        self.refunds: dict[str, int] = {}
        self.timeouts: dict[str, str] = {}
        self.kills: dict[str, str] = {}
        self.decline_reason: str | None = None
        self.is_slow = False
        self.authorization_count = 0
        self.calls: list[str] = []
        self.concurrent_actions: dict[str, Callable[[], object]] = {}

    def open(self, request: AuthorizationRequest) -> str:
        return self._call("open", lambda: self._open(request))

    def authorize(self, reference: str, request: AuthorizationRequest) -> ProviderState:
        return self._call("authorize", lambda: self._authorize(reference, request))

    def capture(self, reference: str) -> ProviderState:
        return self._call("capture", lambda: self._capture(reference))

    def void(self, reference: str) -> ProviderState:
        return self._call("void", lambda: self._void(reference))

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        return self._call("refund", lambda: self._refund(reference, refund_id, amount.amount))

    def find(self, reference: str) -> ProviderState:
        return self._call("find", lambda: self.states[reference])

    def list(self, since: str, until: str) -> Iterator[ProviderState]:
        return iter(self._call("list", lambda: list(self.states.values())))

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent | None:
        if headers.get("signed") != "yes":
            raise BadSignature("The webhook is not signed.")
        return msgspec.json.decode(body, type=WebhookEvent)

    def authorize_pending(self, reference: str) -> None:
        """Authorize a pending payment."""
        self._update(reference, status="authorized", authorized=self.amounts[reference])

    def _open(self, request: AuthorizationRequest) -> str:
        reference = f"ref-{request.order_id}"
        self.amounts[reference] = request.amount.amount
        state = ProviderState(reference=reference, order_id=request.order_id, status="open")
        self.states.setdefault(reference, state)
        return reference

    def _authorize(self, reference: str, request: AuthorizationRequest) -> ProviderState:
        if self.states[reference].status != "open":
            return self.states[reference]
        if self.decline_reason:
            return self._update(reference, status="declined", reason=self.decline_reason)
        if self.is_slow:
            return self._update(reference, status="pending")
        self.authorization_count += 1
        return self._update(reference, status="authorized", authorized=request.amount.amount)

    def _capture(self, reference: str) -> ProviderState:
        state = self.states[reference]
        if state.status != "authorized":
            return state
        return self._update(reference, status="captured", captured=state.authorized)

    def _void(self, reference: str) -> ProviderState:
        if self.states[reference].status not in ("open", "pending", "authorized"):
            return self.states[reference]
        return self._update(reference, status="voided")

    def _refund(self, reference: str, refund_id: str, amount: int) -> bool:
        if refund_id in self.refunds:
            return True
        state = self.states[reference]
        if amount > state.captured - state.refunded:
            return False
        self.refunds[refund_id] = amount
        self._update(reference, refunded=state.refunded + amount)
        return True

    def _update(self, reference: str, **changes: object) -> ProviderState:
        self.states[reference] = msgspec.structs.replace(self.states[reference], **changes)
        return self.states[reference]

    def _call(self, name: str, act: Callable[[], ResultT]) -> ResultT:
        self.calls.append(name)
        self._fail(name, "before")
        result = act()
        self.concurrent_actions.pop(name, lambda: None)()
        self._fail(name, "after")
        return result

    def _fail(self, name: str, moment: str) -> None:
        if self.kills.get(name) == moment:
            raise Killed
        if self.timeouts.get(name) == moment:
            raise ProviderUnavailable(name)


class WebhookRecorder:
    """Records the sandbox's webhooks."""

    def __init__(self) -> None:
        self.webhooks: list[tuple[bytes, Mapping[str, str]]] = []

    def record(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.webhooks.append((body, headers))
