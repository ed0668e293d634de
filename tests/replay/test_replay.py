"""A whole replay, over a real connection and with the data of a real shop."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cli.replay import Day, ReplayError, read_day, replay
from tests.replay.builders import SECRET, a_day, a_line, replay_day
from tests.replay.fake_shop import FakeShop, once


@contextmanager
def served_on_loopback(shop: FakeShop) -> Iterator[str]:
    """The shop behind a real socket. A fault closes the connection without a response."""

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://shop{self.path}"
            request = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
            try:
                response = shop.respond(request)
            except httpx.TransportError:
                return
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_PUT = do_POST = _respond  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def replay_over_http(url: str, day: Day, shop: FakeShop) -> tuple[int, bool]:
    """Returns the number of orders in the shop, and whether the totals balance."""
    report = replay(
        day,
        base_url=url,
        staff_token=lambda: "sam",
        internals=shop,
        secret=SECRET,
        concurrency=3,
        progress=lambda done, total: None,
    )
    return report.orders_in_table, report.balanced


def test_a_day_is_replayed_over_a_connection_that_breaks(tmp_path: Path) -> None:
    day = a_day(tmp_path, a_line("1"), a_line("2"), a_line("3", "CUP"))
    shop = FakeShop(after=once("POST", "checkout", httpx.ReadError("connection closed")))

    with served_on_loopback(shop) as url:
        first = replay_over_http(url, day, shop)
        second = replay_over_http(url, day, shop)

    assert first == second == (3, True)


def test_a_local_shop_is_called_without_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    shop = FakeShop()
    with served_on_loopback(shop) as url:
        result = replay_over_http(url, a_day(tmp_path), shop)

    assert result == (1, True)


def test_an_error_while_fetching_the_token_is_not_wrapped(tmp_path: Path) -> None:
    def fetch_token() -> str:
        raise ReplayError("no token")

    with served_on_loopback(FakeShop()) as url, pytest.raises(ReplayError, match="no token"):
        replay(
            a_day(tmp_path),
            base_url=url,
            staff_token=fetch_token,
            internals=FakeShop(),
            secret=SECRET,
            concurrency=3,
            progress=lambda done, total: None,
        )


@pytest.mark.data
def test_the_real_days_balance_and_a_second_replay_orders_nothing(retail_days: list[Path]) -> None:
    days = [read_day(path) for path in retail_days]
    shop = FakeShop()

    first = [replay_day(day, shop) for day in days]
    second = [replay_day(day, shop) for day in days]

    for reports in (first, second):
        assert [report.placed for report in reports] == [127, 62, 120]
    assert all(report.balanced for report in first + second)
    assert len(shop.all_orders) == 127 + 62 + 120
