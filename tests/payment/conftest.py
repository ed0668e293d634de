"""The ledger and the sandbox on a table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.payment.sandbox import Sandbox
from tests.kernel.tables import twin
from tests.payment import stripes
from tests.payment.fakes import FakePayments, Mailbox, StoredPayments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.payment.stripe import Stripe
    from tests.payment.stripes import StandIn


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[str]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["PaymentTable"]) as name:
        yield name


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def payments(request: pytest.FixtureRequest) -> FakePayments | StoredPayments:
    if request.param == "in memory":
        return FakePayments()
    return StoredPayments(request.getfixturevalue("table"))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def sandbox(table: str, mailbox: Mailbox) -> Sandbox:
    return Sandbox(table, lambda: "the-secret", mailbox.take)


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[StandIn]:
    with stripes.running() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(stripe_server: StandIn) -> Iterator[StandIn]:
    yield stripe_server
    stripe_server.fail()


@pytest.fixture
def stripe(stand_in: StandIn) -> Stripe:
    return stand_in.stripe
