"""A whole replay, over a real connection and of the real days."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cli.replay import Day, ReplayError, read_day, replay
from tests.replay.builders import SECRET, a_day, a_line, play
from tests.replay.shop import FakeShop, once


@contextmanager
def on_loopback(shop: FakeShop) -> Iterator[str]:
    """The shop behind a real socket; an accident closes the connection without an answer."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://shop{self.path}"
            asked = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
            try:
                answer = shop.answer(asked)
            except httpx.TransportError:
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def replay_at(url: str, day: Day, shop: FakeShop) -> tuple[int, bool]:
    books = replay(
        day,
        base_url=url,
        staff_token=lambda: "sam",
        backstage=shop,
        secret=SECRET,
        concurrency=3,
        progress=lambda done, total: None,
    )
    return books.orders_in_table, books.balanced


def test_a_day_is_played_over_a_connection_that_breaks(tmp_path: Path) -> None:
    day = a_day(tmp_path, a_line("1"), a_line("2"), a_line("3", "CUP"))
    shop = FakeShop(after=once("POST", "checkout", httpx.ReadError("cut")))

    with on_loopback(shop) as url:
        first, second = replay_at(url, day, shop), replay_at(url, day, shop)

    assert first == second == (3, True)


def test_a_proxy_never_stands_between_us_and_our_own_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    shop = FakeShop()

    with on_loopback(shop) as url:
        books = replay_at(url, a_day(tmp_path), shop)

    assert books == (1, True)


def test_an_error_of_the_token_s_issuer_is_not_wrapped(tmp_path: Path) -> None:
    def fetch_token() -> str:
        raise ReplayError("no token")

    with on_loopback(FakeShop()) as url, pytest.raises(ReplayError, match="no token"):
        replay(
            a_day(tmp_path),
            base_url=url,
            staff_token=fetch_token,
            backstage=FakeShop(),
            secret=SECRET,
            concurrency=3,
            progress=lambda done, total: None,
        )


@pytest.mark.data
def test_the_real_days_balance_and_a_second_replay_orders_nothing(retail_days: list[Path]) -> None:
    days = [read_day(path) for path in retail_days]
    shop = FakeShop()

    books = [play(day, shop) for day in days]
    again = [play(day, shop) for day in days]

    assert [book.placed for book in books] == [book.placed for book in again] == [127, 62, 120]
    assert all(book.balanced for book in books + again)
    assert len(shop.all_orders) == 127 + 62 + 120
