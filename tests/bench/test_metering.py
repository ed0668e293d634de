"""The meter's client, beside a meter that counts a schedule's run in the first try."""

import itertools
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from bench import metering
from bench.metering import Meter

TRIES: list[dict[str, object]] = [
    {"calls": {"dynamodb:Query": 9}, "running": 0, "scheduled_runs": 1},
    {"calls": {"dynamodb:Query": 6}, "running": 0},
]


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    ends = iter(TRIES)

    class Counting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer({})

        def do_GET(self) -> None:
            self.answer({"running": 0})

        def do_DELETE(self) -> None:
            self.answer(next(ends))

        def answer(self, body: dict[str, object]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args: object) -> None:
            pass

    monkeypatch.setattr(metering, "QUIET", 0)
    monkeypatch.setattr(Meter, "rest", lambda _: None)
    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Meter(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_a_try_a_schedule_came_into_is_made_again(meter: Meter) -> None:
    steps = itertools.count()

    counted = meter.count(lambda: next(steps), 3)

    assert counted == {"calls": {"dynamodb:Query": 2}}
    assert next(steps) == 6


def test_each_try_uses_up_things_of_its_own(meter: Meter) -> None:
    things = itertools.count()
    used: list[int] = []

    counted = meter.count_with(lambda: next(things), used.append, 3)

    assert counted == {"calls": {"dynamodb:Query": 2}}
    assert used == [0, 1, 2, 3, 4, 5]
