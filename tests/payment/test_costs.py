"""What a payment costs in calls of AWS: the figures of docs/architecture.md."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from souk.kernel import aws
from souk.payment import usecases
from souk.payment.undoing import undo_cancelled, undo_returned
from tests.payment.builders import a_capture, a_refund, a_void, an_authorize, pounds
from tests.payment.fakes import StoredPayments

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.payment.sandbox import Sandbox

pytestmark = pytest.mark.cloud


@pytest.fixture
def cost(table: str, sandbox: Sandbox) -> Callable[..., Counter[str]]:
    """The DynamoDB calls of a use case, with those of the sandbox."""
    calls: Counter[str] = Counter()
    ports: Any = {"payments": StoredPayments(table), "provider": sandbox}
    client: Any = aws.dynamodb()
    client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )

    def count(use_case: Any, asked: Any) -> Counter[str]:
        calls.clear()
        use_case(asked, **ports)
        return Counter(calls)

    return count


def test_a_payments_calls(cost: Callable[..., Counter[str]]) -> None:
    asked = an_authorize()

    first = cost(usecases.authorize, asked)
    again = cost(usecases.authorize, asked)
    taken = cost(usecases.capture, a_capture(asked.order_id))
    given = cost(usecases.refund, a_refund(asked.order_id, 1))

    assert first == {"GetItem": 1, "PutItem": 2, "TransactWriteItems": 1}
    assert again == {"GetItem": 1}
    assert taken == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
    assert given == {"GetItem": 3, "PutItem": 2, "TransactWriteItems": 1}


def test_a_voids_calls(cost: Callable[..., Counter[str]]) -> None:
    asked = an_authorize()
    cost(usecases.authorize, asked)

    let_go = cost(usecases.void, a_void(asked.order_id))
    again = cost(usecases.void, a_void(asked.order_id))
    unasked = cost(usecases.void, a_void("never-asked"))

    assert let_go == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
    assert again == {"GetItem": 1}
    assert unasked == {"GetItem": 1, "PutItem": 1}


def test_what_a_fact_undoes_in_calls(cost: Callable[..., Counter[str]]) -> None:
    returned, cancelled = an_authorize(), an_authorize()
    for asked in (returned, cancelled):
        cost(usecases.authorize, asked)
    cost(usecases.capture, a_capture(returned.order_id))
    give_back = partial(undo_returned, returned.order_id, "r-1")

    refunded = cost(give_back, pounds(100))
    again = cost(give_back, pounds(100))
    let_go = cost(undo_cancelled, cancelled.order_id)

    assert refunded == {
        "GetItem": 4,
        "PutItem": 2,
        "TransactWriteItems": 1,
    }  # 2 and 1 the sandbox's
    assert again == {"GetItem": 2}
    assert let_go == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
