"""A fake of the return repository, and the real store with its events readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.kernel.errors import ConcurrentUpdate
from souk.ordering.events import ReturnAccepted
from souk.ordering.return_store import ReturnStore
from souk.ordering.returns import OrderReturns, Return
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.kernel.events import Event


class FakeReturns:
    """Returns in memory. `published` are the events stored with them.

    `concurrent_actions` run one by one, each just before a write.
    """

    def __init__(self) -> None:
        self._order_returns: dict[str, OrderReturns] = {}
        self._returns: dict[str, Return] = {}
        self.published: list[Event] = []
        self.concurrent_actions: list[Callable[[], object]] = []

    def get_order_returns(self, order_id: str) -> OrderReturns:
        return self._order_returns.get(order_id, OrderReturns(order_id=order_id))

    def find(self, return_id: str) -> Return | None:
        return self._returns.get(return_id)

    def list_for_order(self, order_returns: OrderReturns) -> list[Return]:
        records = order_returns.idempotency_records.values()
        return_ids = sorted(record.return_id for record in records)
        return [self._returns[return_id] for return_id in return_ids]

    def save(
        self,
        return_: Return,
        order_returns: OrderReturns | None = None,
        event: Event | None = None,
    ) -> None:
        if self.concurrent_actions:
            self.concurrent_actions.pop(0)()
        stored = self._returns.get(return_.return_id)
        if return_.version != (stored.version if stored else 0) + 1:
            raise ConcurrentUpdate
        if order_returns is not None:
            stored_version = self.get_order_returns(order_returns.order_id).version
            if order_returns.version != stored_version + 1:
                raise ConcurrentUpdate
            self._order_returns[order_returns.order_id] = order_returns
        self._returns[return_.return_id] = return_
        self.published += [] if event is None else [event]


class StoredReturns(ReturnStore):
    """The real store on a table without a relay, so its events stay in the outbox."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.concurrent_actions: list[Callable[[], object]] = []

    def save(
        self,
        return_: Return,
        order_returns: OrderReturns | None = None,
        event: Event | None = None,
    ) -> None:
        if self.concurrent_actions:
            self.concurrent_actions.pop(0)()
        super().save(return_, order_returns, event)

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, ReturnAccepted)


Returns = FakeReturns | StoredReturns
