"""Customers ask to send something back, staff accept or refuse it, and the refund is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from souk.kernel.clock import now, stamp
from souk.kernel.errors import NotFound
from souk.kernel.facts import Cause, caused_by, current_cause
from souk.kernel.ids import new_id
from souk.kernel.patience import tries
from souk.ordering import usecases
from souk.ordering.returns import Book, Return, ReturnsMoved, Wish, accepted_fact, each_decided

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souk.kernel.facts import Fact
    from souk.ordering.usecases import Orders

AnswerT = TypeVar("AnswerT")


class Returns(Protocol):
    def book(self, order_id: str) -> Book:
        """The order's book; an empty one if nothing of it was ever sent back."""

    def find(self, return_id: str) -> Return | None: ...

    def of(self, book: Book) -> list[Return]:
        """All returns of the book, oldest first."""

    def save(self, after: Return, book: Book | None = None, fact: Fact | None = None) -> None:
        """Write return, book and fact, or nothing.

        Raises ReturnsMoved unless each of them follows upon what is stored.
        """


class Verdict(NamedTuple):
    """What a member of staff decides: of each line whether it is restocked, or why not at all."""

    by: str
    lines: Sequence[tuple[str, bool]] = ()
    refusal: str = ""


def ask_return(
    order_id: str, wish: Wish, *, owner: str, orders: Orders, returns: Returns
) -> Return:
    """Ask to send something of an order back, once for a key.

    The key is looked up first: a repeated request gets the first one's return. Raises NotFound
    for a stranger's order, KeyReused, NotDelivered, WindowOver, TooManyReturns, NotReturnable.
    """
    order = usecases.read_order(order_id, owner=owner, orders=orders)

    def attempt() -> Return:
        book = returns.book(order_id)
        if known := book.known(wish):
            return read_return(known, returns=returns)
        after, wanted = book.ask(order, wish, new_id(), now())
        returns.save(wanted, after)
        return wanted

    return _settled(attempt)


def list_returns(order_id: str, *, owner: str, orders: Orders, returns: Returns) -> list[Return]:
    """All returns of an order, for its owner. Raises NotFound."""
    usecases.read_order(order_id, owner=owner, orders=orders)
    return returns.of(returns.book(order_id))


def read_return(return_id: str, *, returns: Returns) -> Return:
    """Raises NotFound."""
    found = returns.find(return_id)
    if found is None:
        raise NotFound(f"there is no return {return_id}")
    return found


def accept_return(return_id: str, verdict: Verdict, *, orders: Orders, returns: Returns) -> Return:
    """Take the goods back and say what is to be refunded; accepted the same way twice is once.

    Raises NotFound, ReturnDecided, or Invalid unless each line is named.
    """

    def attempt() -> Return:
        back = read_return(return_id, returns=returns)
        restock = each_decided(back, verdict.lines)
        if back.was_accepted_with(restock):
            return back
        order, book = orders.get(back.order_id), returns.book(back.order_id)
        worth = book.worth(order, back)
        accepted = back.accept(restock, worth, verdict.by, stamp(now()))
        with caused_by(Cause(order.journey, current_cause().causation_id)):
            returns.save(accepted, book.accept(back), accepted_fact(order, accepted))
        return accepted

    return _settled(attempt)


def refuse_return(return_id: str, verdict: Verdict, *, returns: Returns) -> Return:
    """Send the goods back to the customer, with a reason. Raises NotFound or ReturnDecided."""

    def attempt() -> Return:
        back = read_return(return_id, returns=returns)
        refused = back.refuse(verdict.refusal, verdict.by, stamp(now()))
        if refused != back:
            returns.save(refused, returns.book(back.order_id).refuse(back))
        return refused

    return _settled(attempt)


def note_refund(order_id: str, refund_id: str, *, returns: Returns) -> None:
    """A refund's id is its return's; of one that is none of ours there is nothing to note."""

    def attempt() -> None:
        back = returns.find(refund_id)
        if back is None or back.order_id != order_id:
            return
        refunded = back.refunded(stamp(now()))
        if refunded != back:
            returns.save(refunded)

    _settled(attempt)


def _settled(attempt: Callable[[], AnswerT]) -> AnswerT:
    """Read and write again while others come in between. Raises Busy."""
    for _ in tries():
        try:
            return attempt()
        except ReturnsMoved:
            continue
    raise AssertionError("tries() ends in Busy")
