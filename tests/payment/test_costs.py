"""The AWS calls of each payment operation, as listed in docs/architecture.md."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from souk.kernel import aws
from souk.payment import usecases
from souk.payment.compensation import compensate_cancellation, refund_return
from tests.payment.builders import a_capture, a_refund, a_void, an_authorize, pounds
from tests.payment.fakes import StoredPayments

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.payment.sandbox import Sandbox

pytestmark = pytest.mark.cloud


@pytest.fixture
def count_calls(table: str, sandbox: Sandbox) -> Callable[..., Counter[str]]:
    """Counts the DynamoDB calls of a use case, including those of the sandbox."""
    calls: Counter[str] = Counter()
    ports: Any = {"payments": StoredPayments(table), "provider": sandbox}
    client: Any = aws.dynamodb()
    client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )

    def count(use_case: Any, argument: Any) -> Counter[str]:
        calls.clear()
        use_case(argument, **ports)
        return Counter(calls)

    return count


def test_calls_of_authorization_capture_and_refund(
    count_calls: Callable[..., Counter[str]],
) -> None:
    command = an_authorize()

    first = count_calls(usecases.authorize, command)
    repeated = count_calls(usecases.authorize, command)
    captured = count_calls(usecases.capture, a_capture(command.order_id))
    refunded = count_calls(usecases.refund, a_refund(command.order_id, 1))

    assert first == {"GetItem": 1, "PutItem": 2, "TransactWriteItems": 1}
    assert repeated == {"GetItem": 1}
    assert captured == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
    assert refunded == {"GetItem": 3, "PutItem": 2, "TransactWriteItems": 1}


def test_calls_of_a_void(count_calls: Callable[..., Counter[str]]) -> None:
    command = an_authorize()
    count_calls(usecases.authorize, command)

    voided = count_calls(usecases.void, a_void(command.order_id))
    repeated = count_calls(usecases.void, a_void(command.order_id))
    tombstone = count_calls(usecases.void, a_void("no-payment"))

    assert voided == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
    assert repeated == {"GetItem": 1}
    assert tombstone == {"GetItem": 1, "PutItem": 1}


def test_calls_of_compensation(count_calls: Callable[..., Counter[str]]) -> None:
    returned, cancelled = an_authorize(), an_authorize()
    for command in (returned, cancelled):
        count_calls(usecases.authorize, command)
    count_calls(usecases.capture, a_capture(returned.order_id))
    refund = partial(refund_return, returned.order_id, "r-1")

    refunded = count_calls(refund, pounds(100))
    repeated = count_calls(refund, pounds(100))
    voided = count_calls(compensate_cancellation, cancelled.order_id)

    assert refunded == {
        "GetItem": 4,
        "PutItem": 2,
        "TransactWriteItems": 1,
    }  # of these, 2 and 1 are the sandbox's
    assert repeated == {"GetItem": 2}
    assert voided == {"GetItem": 2, "PutItem": 2, "TransactWriteItems": 1}
