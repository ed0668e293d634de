"""The meter's client repeats a count in which a scheduled function ran."""

import itertools
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bench import metering
from bench.metering import Meter
from local.shop import RunningShop

COUNTS: list[dict[str, object]] = [
    {"calls": {"dynamodb:Query": 9}, "running": 0, "scheduled_runs": 1},
    {"calls": {"dynamodb:Query": 6}, "running": 0},
]


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Meter]:
    counts = iter(COUNTS)

    class FakeMeter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.respond({})

        def do_GET(self) -> None:
            self.respond({"running": 0})

        def do_DELETE(self) -> None:
            self.respond(next(counts))

        def respond(self, body: dict[str, object]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args: object) -> None:
            pass

    monkeypatch.setattr(metering, "QUIET_SECONDS", 0)
    monkeypatch.setattr(Meter, "wait_until_idle", lambda _: None)
    with HTTPServer(("127.0.0.1", 0), FakeMeter) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Meter(RunningShop(tmp_path, 1, "", 1, server.server_port))
        server.shutdown()


def test_a_count_with_a_scheduled_run_is_repeated(meter: Meter) -> None:
    steps = itertools.count()

    counts = meter.count(lambda: next(steps), 3)

    assert counts == {"calls": {"dynamodb:Query": 2}}
    assert next(steps) == 6


def test_each_count_uses_newly_prepared_items(meter: Meter) -> None:
    items = itertools.count()
    used: list[int] = []

    counts = meter.count_with(lambda: next(items), used.append, 3)

    assert counts == {"calls": {"dynamodb:Query": 2}}
    assert used == [0, 1, 2, 3, 4, 5]
