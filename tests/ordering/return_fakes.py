"""Returns kept in memory, and the real ones with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.ordering.events import ReturnAccepted
from souk.ordering.return_store import ReturnStore
from souk.ordering.returns import Book, Return, ReturnsMoved
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.kernel.facts import Fact


class FakeReturns:
    """Returns by id; `said` are the facts told with them. `meanwhile` holds what others do, one
    after another, each just before a write."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}
        self._kept: dict[str, Return] = {}
        self.said: list[Fact] = []
        self.meanwhile: list[Callable[[], object]] = []

    def book(self, order_id: str) -> Book:
        return self._books.get(order_id, Book(order_id=order_id))

    def find(self, return_id: str) -> Return | None:
        return self._kept.get(return_id)

    def of(self, book: Book) -> list[Return]:
        return [self._kept[each] for each in sorted(a.return_id for a in book.asked.values())]

    def save(self, after: Return, book: Book | None = None, fact: Fact | None = None) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        known = self._kept.get(after.return_id)
        if after.version != (known.version if known else 0) + 1:
            raise ReturnsMoved
        if book is not None:
            if book.version != self.book(book.order_id).version + 1:
                raise ReturnsMoved
            self._books[book.order_id] = book
        self._kept[after.return_id] = after
        self.said += [] if fact is None else [fact]


class StoredReturns(ReturnStore):
    """The real store on a table no relay reads."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.meanwhile: list[Callable[[], object]] = []

    def save(self, after: Return, book: Book | None = None, fact: Fact | None = None) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        super().save(after, book, fact)

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, ReturnAccepted)


Returns = FakeReturns | StoredReturns
