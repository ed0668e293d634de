"""The ledger in memory and on DynamoDB, the sandbox on a table of its own, and a local Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.payment.sandbox import Sandbox
from tests.kernel.tables import temporary_table
from tests.payment import stripe_process
from tests.payment.fakes import FakePayments, StoredPayments, WebhookRecorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.payment.stripe import Stripe
    from tests.payment.stripe_process import StripeServer


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[str]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["PaymentTable"]) as name:
        yield name


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def payments(request: pytest.FixtureRequest) -> FakePayments | StoredPayments:
    if request.param == "in memory":
        return FakePayments()
    return StoredPayments(request.getfixturevalue("table"))


@pytest.fixture
def recorder() -> WebhookRecorder:
    return WebhookRecorder()


@pytest.fixture
def sandbox(table: str, recorder: WebhookRecorder) -> Sandbox:
    return Sandbox(table, lambda: "the-secret", recorder.record)


@pytest.fixture(scope="session")
def running_stripe_server() -> Iterator[StripeServer]:
    with stripe_process.running() as server:
        yield server


@pytest.fixture
def stripe_server(running_stripe_server: StripeServer) -> Iterator[StripeServer]:
    yield running_stripe_server
    running_stripe_server.set_faults()


@pytest.fixture
def stripe(stripe_server: StripeServer) -> Stripe:
    return stripe_server.stripe
