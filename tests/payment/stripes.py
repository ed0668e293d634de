"""localstripe for a test session, and our Stripe pointed at it as any other address would be."""

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


class StandIn:
    """What Stripe was asked, and how it is made to fail."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.stripe = Stripe(API_KEY, WEBHOOK_SECRET, address)

    def seen(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.address}/_config/seen").json()
        return found

    def fail(self, **faults: str) -> None:
        """By the last part of a path: `500`, `cut before` it is done or `cut after`."""
        httpx.post(f"{self.address}/_config/faults", json=faults)

    def notify(self, url: str) -> None:
        hook = {"url": url, "secret": WEBHOOK_SECRET}
        httpx.post(f"{self.address}/_config/webhooks/shop", json=hook)


@contextmanager
def running() -> Iterator[StandIn]:
    port = free_port()
    command = [sys.executable, "-P", "-W", "ignore", "-m", "tests.payment.stripe_server", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    stand_in = StandIn(f"http://127.0.0.1:{port}")
    try:
        _wait(stand_in)
        yield stand_in
    finally:
        server.terminate()
        server.wait(10)


def _wait(stand_in: StandIn) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            stand_in.seen()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("localstripe did not start")
