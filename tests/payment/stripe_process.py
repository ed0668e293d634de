"""Starts localstripe for a test session, and a Stripe provider that uses it."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from souk.payment.stripe import Stripe
from tests.conftest import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

API_KEY = "sk_test_of_nobody"
WEBHOOK_SECRET = "whsec_of_nobody"
VISA = "pm_card_visa"


class StripeServer:
    """The requests that localstripe received, and the faults it simulates."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.stripe = Stripe(API_KEY, WEBHOOK_SECRET, address)

    def requests(self) -> list[dict[str, Any]]:
        """All requests so far: method, path and idempotency key."""
        requests: list[dict[str, Any]] = httpx.get(f"{self.address}/_config/requests").json()
        return requests

    def set_faults(self, **faults: str) -> None:
        """Faults by the last part of a path: `500`, `cut before` or `cut after` the request."""
        httpx.post(f"{self.address}/_config/faults", json=faults)

    def register_webhook(self, url: str) -> None:
        webhook = {"url": url, "secret": WEBHOOK_SECRET}
        httpx.post(f"{self.address}/_config/webhooks/shop", json=webhook)


@contextmanager
def running() -> Iterator[StripeServer]:
    port = free_port()
    command = [sys.executable, "-P", "-W", "ignore", "-m", "tests.payment.stripe_server", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    server = StripeServer(f"http://127.0.0.1:{port}")
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(server: StripeServer) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            server.requests()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("localstripe did not start")
