"""Baskets kept in memory, and the real ones laid open; both can be put into any state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from souk.basket.domain import MAX_LINES, BasketMoved, Contact, Head, Line, Offer, Receipt
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import Option
from souk.basket.store import BasketStore
from souk.basket.usecases import put_line, see_basket
from souk.kernel import aws, dynamo
from souk.kernel.items import to_item
from tests.basket.builders import ADA, STANDARD, an_offer
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from souk.kernel.facts import Fact


class FakeBaskets:
    """Baskets by owner.

    `meanwhile` holds what other requests do, one after another, each just before a write;
    `said` are the facts told, `kept` the contacts. Standard shipping goes everywhere.
    """

    def __init__(self, *offers: Offer, meanwhile: Iterable[Callable[[], object]] = ()) -> None:
        self._catalog = {offer.sku: offer for offer in offers}
        self._stock: dict[str, tuple[int, bool]] = {}  # the turn, and whether it is sold out
        self._heads: dict[str, Head] = {}
        self._lines: dict[str, dict[str, Line]] = {}
        self._receipts: dict[tuple[str, str], Receipt] = {}
        self._options = {STANDARD.option: STANDARD}
        self.meanwhile = list(meanwhile)
        self.kept: dict[str, Contact] = {}
        self.said: list[Fact] = []

    def head(self, owner: str) -> Head | None:
        head = self._heads.get(owner)
        return head if head is not None and head.expires_at > time.time() else None

    def offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, Head | None]:
        return self._offer(sku), self.head(owner)

    def receipt_and_head(self, owner: str, key: str) -> tuple[Receipt | None, Head | None]:
        return self._receipts.get((owner, key)), self.head(owner)

    def lines(self, basket_id: str) -> list[Line]:
        return list(self._lines.get(basket_id, {}).values())

    def offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        return {sku: offer for sku in skus if (offer := self._offer(sku)) is not None}

    def shipping_options(self) -> list[Option]:
        return list(self._options.values())

    def begin(self, head: Head, line: Line) -> None:
        self._others_first()
        if self.head(head.owner) is not None:
            raise BasketMoved
        self._heads[head.owner] = head
        self._lines[head.basket_id] = {line.sku: line}

    def add(self, head: Head, line: Line) -> bool:
        lines = self._lines_of(head)
        if self._heads[head.owner].line_count >= MAX_LINES:
            raise BasketMoved
        if line.sku in lines:
            return False
        lines[line.sku] = line
        self._touch(head, lines=1)
        return True

    def change(self, head: Head, line: Line) -> bool:
        lines = self._lines_of(head)
        if line.sku not in lines:
            return False
        kept = lines[line.sku]
        lines[line.sku] = replace(kept, quantity=line.quantity, seen_price=line.seen_price)
        self._touch(head)
        return True

    def remove(self, head: Head, sku: str) -> bool:
        if self._lines_of(head).pop(sku, None) is None:
            return False
        self._touch(head, lines=-1)
        return True

    def move(self, source: Head, target: Head, lines: Sequence[Line], *, new: int) -> None:
        self._others_first()
        self._check(source)
        self._check(target)
        self._take(source, lines)
        self._lines[target.basket_id] |= {line.sku: line for line in lines}
        self._touch(target, lines=new)

    def begin_with(self, head: Head, source: Head, lines: Sequence[Line]) -> None:
        self._others_first()
        self._check(source)
        if self.head(head.owner) is not None:
            raise BasketMoved
        self._take(source, lines)
        self._heads[head.owner] = head
        self._lines[head.basket_id] = {line.sku: line for line in lines}

    def close(
        self, head: Head, key: str, receipt: Receipt, contact: Contact, fact: BasketCheckedOut
    ) -> None:
        self._lines_of(head)
        if (head.owner, key) in self._receipts or self._heads[head.owner].version != head.version:
            raise BasketMoved
        del self._heads[head.owner]
        self._receipts[head.owner, key] = receipt
        self.kept[contact.contact_id] = contact
        self.said.append(fact)

    def learn(self, offer: Offer) -> None:
        known = self._catalog.get(offer.sku)
        if known is None or known.version < offer.version:
            self._catalog[offer.sku] = offer

    def learn_option(self, option: Option) -> None:
        known = self._options.get(option.option)
        if known is None or known.version < option.version:
            self._options[option.option] = option

    def note_stock(self, sku: str, turn: int, *, sold_out: bool) -> None:
        if turn > self._stock.get(sku, (0, False))[0]:
            self._stock[sku] = (turn, sold_out)

    def _offer(self, sku: str) -> Offer | None:
        if sku not in self._catalog:
            return None
        return replace(self._catalog[sku], sold_out=self._stock.get(sku, (0, False))[1])

    def set_line_count(self, head: Head, count: int) -> None:
        self._heads[head.owner] = replace(self._heads[head.owner], line_count=count)

    def contacts(self, contact_ids: Sequence[str]) -> list[Contact]:
        return [self.kept[each] for each in contact_ids if each in self.kept]

    def _others_first(self) -> None:
        others, self.meanwhile = self.meanwhile, []
        for other in others[:1]:
            other()
        self.meanwhile = others[1:]

    def _lines_of(self, head: Head) -> dict[str, Line]:
        """Raises BasketMoved unless the basket of `head` is the owner's open one."""
        self._others_first()
        kept = self._heads.get(head.owner)
        if kept is None or kept.basket_id != head.basket_id:
            raise BasketMoved
        return self._lines[head.basket_id]

    def _check(self, head: Head) -> None:
        """Raises BasketMoved unless the basket is as `head` says."""
        kept = self._heads.get(head.owner)
        if kept is None or (kept.basket_id, kept.version) != (head.basket_id, head.version):
            raise BasketMoved

    def _take(self, source: Head, lines: Sequence[Line]) -> None:
        for line in lines:
            del self._lines[source.basket_id][line.sku]
        self._touch(source, lines=-len(lines))

    def _touch(self, head: Head, lines: int = 0) -> None:
        kept = self._heads[head.owner]
        self._heads[head.owner] = replace(
            kept, version=kept.version + 1, line_count=kept.line_count + lines
        )


def held(baskets: FakeBaskets, owner: str = ADA) -> dict[str, int]:
    """How many of each SKU are in the owner's basket."""
    return {each.line.sku: each.line.quantity for each in see_basket(owner, baskets=baskets).lines}


def with_lamps(quantity: int = 2) -> FakeBaskets:
    """Ada's basket holds lamps; lamps and rugs are known."""
    baskets = FakeBaskets(an_offer("LAMP-1", price=1299), an_offer("RUG-1", price=5000))
    put_line(ADA, "LAMP-1", quantity, baskets=baskets)
    return baskets


class StoredBaskets(BasketStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, BasketCheckedOut)

    def set_line_count(self, head: Head, count: int) -> None:
        aws.dynamodb().update_item(
            TableName=self._table,
            Key=dynamo.key(f"OWNER#{head.owner}", "BASKET"),
            UpdateExpression="SET line_count = :count",
            ExpressionAttributeValues=to_item({":count": count}),
        )
