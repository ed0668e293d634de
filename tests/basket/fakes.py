"""An in-memory fake of the basket store, and the real store with access to its outbox.

Both have what the contract tests need: the published events and a way to set the line count.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from souk.basket.domain import (
    MAX_LINES,
    BasketHead,
    BasketLine,
    CheckoutRecord,
    ContactRecord,
    Offer,
)
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import ShippingOption
from souk.basket.store import BasketStore
from souk.basket.usecases import get_basket, set_quantity
from souk.kernel import aws, dynamo
from souk.kernel.errors import ConcurrentUpdate
from souk.kernel.items import to_item
from tests.basket.builders import ADA, STANDARD, an_offer
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from souk.kernel.events import Event


class FakeBaskets:
    """Implements `Baskets` in memory. It knows the standard shipping option from the start.

    Before each write, one of `concurrent_requests` runs, to simulate another request that comes
    in between. `published` are the events of closed baskets; `contacts` are the stored contacts
    by id.
    """

    def __init__(
        self, *offers: Offer, concurrent_requests: Iterable[Callable[[], object]] = ()
    ) -> None:
        self._offers = {offer.sku: offer for offer in offers}
        self._availability: dict[str, tuple[int, bool]] = {}  # availability_version, sold_out
        self._heads: dict[str, BasketHead] = {}
        self._lines: dict[str, dict[str, BasketLine]] = {}
        self._records: dict[tuple[str, str], CheckoutRecord] = {}
        self._options = {STANDARD.option_id: STANDARD}
        self.concurrent_requests = list(concurrent_requests)
        self.contacts: dict[str, ContactRecord] = {}
        self.published: list[Event] = []

    def get_head(self, owner: str) -> BasketHead | None:
        head = self._heads.get(owner)
        return head if head is not None and head.expires_at > time.time() else None

    def get_offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, BasketHead | None]:
        return self._offer(sku), self.get_head(owner)

    def get_record_and_head(
        self, owner: str, idempotency_key: str
    ) -> tuple[CheckoutRecord | None, BasketHead | None]:
        return self._records.get((owner, idempotency_key)), self.get_head(owner)

    def get_lines(self, basket_id: str) -> list[BasketLine]:
        return list(self._lines.get(basket_id, {}).values())

    def get_offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        return {sku: offer for sku in skus if (offer := self._offer(sku)) is not None}

    def get_shipping_options(self) -> list[ShippingOption]:
        return list(self._options.values())

    def create(self, head: BasketHead, line: BasketLine) -> None:
        self._run_concurrent_request()
        if self.get_head(head.owner) is not None:
            raise ConcurrentUpdate
        self._heads[head.owner] = head
        self._lines[head.basket_id] = {line.sku: line}

    def add_line(self, head: BasketHead, line: BasketLine) -> bool:
        lines = self._lines_to_change(head)
        if self._heads[head.owner].line_count >= MAX_LINES:
            raise ConcurrentUpdate
        if line.sku in lines:
            return False
        lines[line.sku] = line
        self._update_head(head, lines=1)
        return True

    def update_line(self, head: BasketHead, line: BasketLine) -> bool:
        lines = self._lines_to_change(head)
        if line.sku not in lines:
            return False
        stored = lines[line.sku]
        lines[line.sku] = replace(stored, quantity=line.quantity, seen_price=line.seen_price)
        self._update_head(head)
        return True

    def remove_line(self, head: BasketHead, sku: str) -> bool:
        if self._lines_to_change(head).pop(sku, None) is None:
            return False
        self._update_head(head, lines=-1)
        return True

    def move_lines(
        self, source: BasketHead, target: BasketHead, lines: Sequence[BasketLine], *, new_lines: int
    ) -> None:
        self._run_concurrent_request()
        self._require_unchanged(source)
        self._require_unchanged(target)
        self._delete_lines(source, lines)
        self._lines[target.basket_id] |= {line.sku: line for line in lines}
        self._update_head(target, lines=new_lines)

    def create_with_lines(
        self, head: BasketHead, source: BasketHead, lines: Sequence[BasketLine]
    ) -> None:
        self._run_concurrent_request()
        self._require_unchanged(source)
        if self.get_head(head.owner) is not None:
            raise ConcurrentUpdate
        self._delete_lines(source, lines)
        self._heads[head.owner] = head
        self._lines[head.basket_id] = {line.sku: line for line in lines}

    def close(
        self,
        head: BasketHead,
        idempotency_key: str,
        record: CheckoutRecord,
        contact: ContactRecord,
        event: BasketCheckedOut,
    ) -> None:
        self._lines_to_change(head)
        is_bound = (head.owner, idempotency_key) in self._records
        if is_bound or self._heads[head.owner].version != head.version:
            raise ConcurrentUpdate
        del self._heads[head.owner]
        self._records[head.owner, idempotency_key] = record
        self.contacts[contact.contact_id] = contact
        self.published.append(event)

    def get_contacts(self, contact_ids: Sequence[str]) -> list[ContactRecord]:
        return [self.contacts[each] for each in contact_ids if each in self.contacts]

    def save_offer(self, offer: Offer) -> None:
        stored = self._offers.get(offer.sku)
        if stored is None or stored.version < offer.version:
            self._offers[offer.sku] = offer

    def save_shipping_option(self, option: ShippingOption) -> None:
        stored = self._options.get(option.option_id)
        if stored is None or stored.version < option.version:
            self._options[option.option_id] = option

    def save_availability(self, sku: str, availability_version: int, *, sold_out: bool) -> None:
        if availability_version > self._availability.get(sku, (0, False))[0]:
            self._availability[sku] = (availability_version, sold_out)

    def set_line_count(self, head: BasketHead, count: int) -> None:
        self._heads[head.owner] = replace(self._heads[head.owner], line_count=count)

    def _offer(self, sku: str) -> Offer | None:
        if sku not in self._offers:
            return None
        return replace(self._offers[sku], sold_out=self._availability.get(sku, (0, False))[1])

    def _run_concurrent_request(self) -> None:
        """Requests that it makes itself run without concurrent ones."""
        requests, self.concurrent_requests = self.concurrent_requests, []
        for request in requests[:1]:
            request()
        self.concurrent_requests = requests[1:]

    def _lines_to_change(self, head: BasketHead) -> dict[str, BasketLine]:
        """Raises ConcurrentUpdate unless the basket of `head` is the owner's open one."""
        self._run_concurrent_request()
        stored = self._heads.get(head.owner)
        if stored is None or stored.basket_id != head.basket_id:
            raise ConcurrentUpdate
        return self._lines[head.basket_id]

    def _require_unchanged(self, head: BasketHead) -> None:
        """Raises ConcurrentUpdate when the basket changed since `head` was read."""
        stored = self._heads.get(head.owner)
        if stored is None or (stored.basket_id, stored.version) != (head.basket_id, head.version):
            raise ConcurrentUpdate

    def _delete_lines(self, source: BasketHead, lines: Sequence[BasketLine]) -> None:
        for line in lines:
            del self._lines[source.basket_id][line.sku]
        self._update_head(source, lines=-len(lines))

    def _update_head(self, head: BasketHead, lines: int = 0) -> None:
        stored = self._heads[head.owner]
        self._heads[head.owner] = replace(
            stored, version=stored.version + 1, line_count=stored.line_count + lines
        )


def quantities(baskets: FakeBaskets, owner: str = ADA) -> dict[str, int]:
    """The quantities in the owner's basket, by SKU."""
    return {each.line.sku: each.line.quantity for each in get_basket(owner, baskets=baskets).lines}


def baskets_with_lamps(quantity: int = 2) -> FakeBaskets:
    """Ada's basket contains lamps. Lamps and rugs are for sale."""
    baskets = FakeBaskets(an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000))
    set_quantity(ADA, "LAMP-1", quantity, baskets=baskets)
    return baskets


class StoredBaskets(BasketStore):
    """The real store, on a table that no relay reads, so events stay in the outbox."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, BasketCheckedOut)

    def set_line_count(self, head: BasketHead, count: int) -> None:
        aws.dynamodb().update_item(
            TableName=self._table,
            Key=dynamo.key(f"OWNER#{head.owner}", "BASKET"),
            UpdateExpression="SET line_count = :count",
            ExpressionAttributeValues=to_item({":count": count}),
        )
