"""What comes back from the shop's one address."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud import engine_settings
from local.frontdoor import FrontDoor, Message, Receive, Scope, Send

OUTPUTS = {
    "ApiId": "abcd1234",
    "LiveApiId": "live5678",
    "UserPoolClientId": "client-1",
    "PicturesBucket": "pictures-1",
}
UPLOADS = "http://127.0.0.1:4566"


class Engine:
    """Stands for the engine: keeps what it was asked, answers in one way."""

    def __init__(self) -> None:
        self.asked: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the api"})


class Answer:
    def __init__(self, messages: list[Message]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body: bytes = b"".join(message["body"] for message in messages[1:])


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "pictures").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Souk</h1>")
    (folder / "reference.html").write_text("<h1>API</h1>")
    (folder / "shop.js").write_text("let x;")
    (folder / "pictures" / "lamp.svg").write_text("<svg/>")
    (folder / ".hidden").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "map").mkdir()
    (folder / "map.html").write_text("<h1>Map</h1>")
    (tmp_path / "openapi.json").write_text('{"openapi": "3.1.0"}')
    (tmp_path / "map.json").write_text('{"nodes": []}')
    return folder


@pytest.fixture
def door(engine: Engine, pages: Path) -> FrontDoor:
    openapi = pages.parent / "openapi.json"
    return FrontDoor(
        engine=engine,
        outputs=lambda: OUTPUTS,
        pages=pages,
        openapi=openapi,
        shop_map=pages.parent / "map.json",
        uploads=UPLOADS,
    )


def ask(door: FrontDoor, path: str, method: str = "GET", **headers: str) -> Answer:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(door(scope, receive, send))
    return Answer(sent)


def test_a_call_reaches_the_api_under_its_own_host_and_path(
    door: FrontDoor, engine: Engine
) -> None:
    answer = ask(door, "/api/products", "POST", host="127.0.0.1:8000", authorization="Bearer t")

    (asked,) = engine.asked
    assert answer.body == b"from the api"
    assert asked["path"] == "/api/products"
    assert dict(asked["headers"]) == {
        b"host": b"abcd1234.execute-api.localhost",
        b"authorization": b"Bearer t",
    }


def test_before_the_shop_is_deployed_callers_are_asked_to_come_back(
    engine: Engine, pages: Path
) -> None:
    door = FrontDoor(
        engine=engine,
        outputs=dict,
        pages=pages,
        openapi=pages,
        shop_map=pages,
        uploads=UPLOADS,
    )

    answer = ask(door, "/api/products")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["status"] == 503


def connect(door: FrontDoor, path: str) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope: dict[str, Any] = {"type": "websocket", "path": path, "query_string": b"ticket=t"}
    asyncio.run(door({**scope, "headers": [(b"host", b"127.0.0.1:8000")]}, receive, send))
    return sent


def test_a_live_connection_reaches_the_socket_api_at_its_stage(
    door: FrontDoor, engine: Engine
) -> None:
    connect(door, "/live")

    (asked,) = engine.asked
    assert (asked["path"], asked["query_string"]) == ("/live", b"ticket=t")
    assert dict(asked["headers"]) == {b"host": b"live5678.execute-api.localhost"}


@pytest.mark.parametrize("path", ["/", "/api/products", "/live/more"])
def test_no_other_connection_is_taken(door: FrontDoor, engine: Engine, path: str) -> None:
    assert connect(door, path) == [{"type": "websocket.close", "code": 1008}]
    assert engine.asked == []


def test_a_closing_shop_takes_no_more_connections(door: FrontDoor, engine: Engine) -> None:
    door.open = False

    assert connect(door, "/live") == [{"type": "websocket.close", "code": 1008}]
    assert engine.asked == []


def test_a_closing_shop_takes_no_more_calls(door: FrontDoor, engine: Engine) -> None:
    door.open = False

    assert ask(door, "/api/products").status == 503
    assert engine.asked == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/shop.js", "text/javascript; charset=utf-8"),
        ("/pictures/lamp.svg", "image/svg+xml; charset=utf-8"),
        ("/api/openapi.json", "application/json; charset=utf-8"),
        ("/map.json", "application/json; charset=utf-8"),
        ("/map", "text/html; charset=utf-8"),
        ("/api/docs/", "text/html; charset=utf-8"),
        ("/api/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/api/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/api/docs/favicon-32x32.png", "image/png"),
    ],
)
def test_each_page_comes_with_its_type(door: FrontDoor, path: str, kind: str) -> None:
    answer = ask(door, path)

    assert answer.status == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt", "/pictures/../../outside.txt", "/.hidden", "/link.txt", "//etc/passwd",
        "/pictures", "/pictures/", "/no-such-page", "/index.html/", "/a\0b", "/..\\outside.txt",
        "/api/docs/../../../cloud.py",
    ],
)  # fmt: skip
def test_nothing_outside_the_pages_is_shown(door: FrontDoor, path: str) -> None:
    answer = ask(door, path)

    assert answer.status == 404
    assert b"secret" not in answer.body


def test_the_head_of_a_page_tells_its_length_and_nothing_more(door: FrontDoor) -> None:
    answer = ask(door, "/", "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "13"


def test_a_page_the_browser_still_has_is_not_sent_again(door: FrontDoor) -> None:
    tag = ask(door, "/").headers["etag"]

    answer = ask(door, "/", if_none_match=f'"other", {tag}')

    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html; charset=utf-8"), ("/api/docs/", "application/problem+json")],
)
def test_pages_can_only_be_read(door: FrontDoor, path: str, kind: str) -> None:
    answer = ask(door, path, "POST")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == kind


def test_pages_may_load_and_run_only_what_the_shop_itself_serves(door: FrontDoor) -> None:
    page = ask(door, "/").headers["content-security-policy"]
    docs = ask(door, "/api/docs/").headers["content-security-policy"]

    assert "default-src 'self'" in page
    assert f"connect-src 'self' {UPLOADS}" in page
    assert "unsafe" not in page
    assert "script-src" not in docs
    assert "style-src 'self' 'unsafe-inline'" in docs


def test_a_picture_is_read_in_the_bucket_as_its_owner(
    door: FrontDoor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine_settings(Path("state"), 4566).items():
        monkeypatch.setenv(name, value)

    ask(door, "/media/0196f3a2-6c1e", authorization="Bearer t", if_none_match='"1"')

    (asked,) = engine.asked
    assert asked["path"] == "/pictures-1/media/0196f3a2-6c1e"
    assert asked["headers"] == [(b"host", b"127.0.0.1"), (b"if-none-match", b'"1"')]
    assert b"X-Amz-Signature=" in asked["query_string"]


@pytest.mark.parametrize("path", ["/media/", "/media/../secret", "/media/a/b", "/media/A"])
def test_nothing_but_pictures_is_read_in_the_bucket(
    door: FrontDoor, engine: Engine, path: str
) -> None:
    answer = ask(door, path)

    assert (answer.status, engine.asked) == (404, [])


def test_pictures_can_only_be_read(door: FrontDoor, engine: Engine) -> None:
    answer = ask(door, "/media/0196f3a2-6c1e", "DELETE")

    assert (answer.status, engine.asked) == (405, [])


def test_the_reference_has_one_address(door: FrontDoor) -> None:
    answer = ask(door, "/api/docs")

    assert (answer.status, answer.headers["location"]) == (308, "/api/docs/")


def test_a_page_is_found_without_its_ending(door: FrontDoor, pages: Path) -> None:
    (pages / "basket.html").write_text("<h1>Basket</h1>")

    assert ask(door, "/basket").body == ask(door, "/basket.html").body
    assert ask(door, "/basket").headers["content-type"] == "text/html; charset=utf-8"


def test_text_travels_compressed_to_who_can_read_it(door: FrontDoor) -> None:
    plain = ask(door, "/")

    packed = ask(door, "/", accept_encoding="gzip, deflate, br")

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in plain.headers
    assert (
        "content-encoding"
        not in ask(door, "/api/docs/favicon-32x32.png", accept_encoding="gzip").headers
    )


def test_pages_are_told_where_one_signs_in(door: FrontDoor) -> None:
    told = json.loads(ask(door, "/settings.json").body)

    assert told == {"people": "/cognito", "client": "client-1"}


def test_a_sign_in_is_handed_on_without_anything_else_the_browser_sent(
    door: FrontDoor, engine: Engine
) -> None:
    sign_in = "AWSCognitoIdentityProviderService.InitiateAuth"

    answer = ask(door, "/cognito", "POST", x_amz_target=sign_in, authorization="AWS4", cookie="a=b")

    (asked,) = engine.asked
    assert (asked["path"], answer.body) == ("/", b"from the api")
    assert dict(asked["headers"]) == {b"x-amz-target": sign_in.encode()}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "AWSCognitoIdentityProviderService.AdminCreateUser"),
        ("POST", "DynamoDB_20120810.Scan"),
        ("POST", ""),
        ("GET", "AWSCognitoIdentityProviderService.InitiateAuth"),
    ],
)
def test_nothing_but_signing_in_gets_through_that_door(
    door: FrontDoor, engine: Engine, method: str, target: str
) -> None:
    answer = ask(door, "/cognito", method, x_amz_target=target)

    assert (answer.status, engine.asked) == (403, [])
