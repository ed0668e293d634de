"""Responses of the local gateway."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud import engine_settings
from local.gateway import Gateway, Message, Receive, Scope, Send

OUTPUTS = {
    "ApiId": "abcd1234",
    "WebSocketApiId": "live5678",
    "UserPoolClientId": "client-1",
    "PicturesBucket": "pictures-1",
}
UPLOADS = "http://127.0.0.1:4566"


class FakeEngine:
    """A fake engine: records requests and always sends the same response."""

    def __init__(self) -> None:
        self.requests: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the api"})


class Response:
    def __init__(self, messages: list[Message]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body: bytes = b"".join(message["body"] for message in messages[1:])


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


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
def gateway(engine: FakeEngine, pages: Path) -> Gateway:
    openapi = pages.parent / "openapi.json"
    return Gateway(
        engine=engine,
        outputs=lambda: OUTPUTS,
        pages=pages,
        openapi=openapi,
        shop_map=pages.parent / "map.json",
        uploads=UPLOADS,
    )


def send_request(gateway: Gateway, path: str, method: str = "GET", **headers: str) -> Response:
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
    asyncio.run(gateway(scope, receive, send))
    return Response(sent)


def test_a_request_reaches_the_api_with_the_host_of_the_api(
    gateway: Gateway, engine: FakeEngine
) -> None:
    response = send_request(
        gateway, "/api/products", "POST", host="127.0.0.1:8000", authorization="Bearer t"
    )

    (request,) = engine.requests
    assert response.body == b"from the api"
    assert request["path"] == "/api/products"
    assert dict(request["headers"]) == {
        b"host": b"abcd1234.execute-api.localhost",
        b"authorization": b"Bearer t",
    }


def test_before_the_first_deployment_callers_are_told_to_retry(
    engine: FakeEngine, pages: Path
) -> None:
    gateway = Gateway(
        engine=engine,
        outputs=dict,
        pages=pages,
        openapi=pages,
        shop_map=pages,
        uploads=UPLOADS,
    )

    response = send_request(gateway, "/api/products")

    assert (response.status, response.headers["retry-after"]) == (503, "1")
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body)["status"] == 503


def connect(gateway: Gateway, path: str) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope: dict[str, Any] = {"type": "websocket", "path": path, "query_string": b"ticket=t"}
    asyncio.run(gateway({**scope, "headers": [(b"host", b"127.0.0.1:8000")]}, receive, send))
    return sent


def test_a_live_connection_reaches_the_stage_of_the_websocket_api(
    gateway: Gateway, engine: FakeEngine
) -> None:
    connect(gateway, "/live")

    (request,) = engine.requests
    assert (request["path"], request["query_string"]) == ("/live", b"ticket=t")
    assert dict(request["headers"]) == {b"host": b"live5678.execute-api.localhost"}


@pytest.mark.parametrize("path", ["/", "/api/products", "/live/more"])
def test_no_other_connection_is_accepted(gateway: Gateway, engine: FakeEngine, path: str) -> None:
    assert connect(gateway, path) == [{"type": "websocket.close", "code": 1008}]
    assert engine.requests == []


def test_a_stopping_shop_accepts_no_connections(gateway: Gateway, engine: FakeEngine) -> None:
    gateway.is_open = False

    assert connect(gateway, "/live") == [{"type": "websocket.close", "code": 1008}]
    assert engine.requests == []


def test_a_stopping_shop_accepts_no_api_calls(gateway: Gateway, engine: FakeEngine) -> None:
    gateway.is_open = False

    assert send_request(gateway, "/api/products").status == 503
    assert engine.requests == []


@pytest.mark.parametrize(
    ("path", "media_type"),
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
def test_each_file_has_its_media_type(gateway: Gateway, path: str, media_type: str) -> None:
    response = send_request(gateway, path)

    assert response.status == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert int(response.headers["content-length"]) == len(response.body)


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt", "/pictures/../../outside.txt", "/.hidden", "/link.txt", "//etc/passwd",
        "/pictures", "/pictures/", "/no-such-page", "/index.html/", "/a\0b", "/..\\outside.txt",
        "/api/docs/../../../cloud.py",
    ],
)  # fmt: skip
def test_files_outside_of_the_pages_are_not_served(gateway: Gateway, path: str) -> None:
    response = send_request(gateway, path)

    assert response.status == 404
    assert b"secret" not in response.body


def test_a_head_request_gets_the_length_and_no_body(gateway: Gateway) -> None:
    response = send_request(gateway, "/", "HEAD")

    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == "13"


def test_a_page_in_the_browsers_cache_is_not_sent_again(gateway: Gateway) -> None:
    etag = send_request(gateway, "/").headers["etag"]

    response = send_request(gateway, "/", if_none_match=f'"other", {etag}')

    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/", "text/html; charset=utf-8"), ("/api/docs/", "application/problem+json")],
)
def test_pages_accept_only_get_and_head(gateway: Gateway, path: str, media_type: str) -> None:
    response = send_request(gateway, path, "POST")

    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.headers["content-type"] == media_type


def test_pages_may_load_only_content_of_the_shop(gateway: Gateway) -> None:
    page = send_request(gateway, "/").headers["content-security-policy"]
    docs = send_request(gateway, "/api/docs/").headers["content-security-policy"]

    assert "default-src 'self'" in page
    assert f"connect-src 'self' {UPLOADS}" in page
    assert "unsafe" not in page
    assert "script-src" not in docs
    assert "style-src 'self' 'unsafe-inline'" in docs


def test_a_picture_is_read_from_the_bucket_with_a_presigned_url(
    gateway: Gateway, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine_settings(Path("state"), 4566, "secret").items():
        monkeypatch.setenv(name, value)

    send_request(gateway, "/media/0196f3a2-6c1e", authorization="Bearer t", if_none_match='"1"')

    (request,) = engine.requests
    assert request["path"] == "/pictures-1/media/0196f3a2-6c1e"
    assert request["headers"] == [(b"host", b"127.0.0.1"), (b"if-none-match", b'"1"')]
    assert b"X-Amz-Signature=" in request["query_string"]


@pytest.mark.parametrize("path", ["/media/", "/media/../secret", "/media/a/b", "/media/A"])
def test_only_pictures_are_read_from_the_bucket(
    gateway: Gateway, engine: FakeEngine, path: str
) -> None:
    response = send_request(gateway, path)

    assert (response.status, engine.requests) == (404, [])


def test_pictures_accept_only_get_and_head(gateway: Gateway, engine: FakeEngine) -> None:
    response = send_request(gateway, "/media/0196f3a2-6c1e", "DELETE")

    assert (response.status, engine.requests) == (405, [])


def test_the_api_reference_redirects_to_its_canonical_address(gateway: Gateway) -> None:
    response = send_request(gateway, "/api/docs")

    assert (response.status, response.headers["location"]) == (308, "/api/docs/")


def test_a_page_is_found_without_its_extension(gateway: Gateway, pages: Path) -> None:
    (pages / "basket.html").write_text("<h1>Basket</h1>")

    assert send_request(gateway, "/basket").body == send_request(gateway, "/basket.html").body
    assert send_request(gateway, "/basket").headers["content-type"] == "text/html; charset=utf-8"


def test_text_is_compressed_for_browsers_that_accept_it(gateway: Gateway) -> None:
    plain = send_request(gateway, "/")

    compressed = send_request(gateway, "/", accept_encoding="gzip, deflate, br")

    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == plain.body
    assert compressed.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in plain.headers
    assert (
        "content-encoding"
        not in send_request(gateway, "/api/docs/favicon-32x32.png", accept_encoding="gzip").headers
    )


def test_the_settings_have_the_address_of_the_user_pool(gateway: Gateway) -> None:
    settings = json.loads(send_request(gateway, "/settings.json").body)

    assert settings == {"user_pool": "/cognito", "client_id": "client-1"}


def test_a_sign_in_is_forwarded_without_other_headers(gateway: Gateway, engine: FakeEngine) -> None:
    sign_in = "AWSCognitoIdentityProviderService.InitiateAuth"

    response = send_request(
        gateway, "/cognito", "POST", x_amz_target=sign_in, authorization="AWS4", cookie="a=b"
    )

    (request,) = engine.requests
    assert (request["path"], response.body) == ("/", b"from the api")
    assert dict(request["headers"]) == {b"x-amz-target": sign_in.encode()}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "AWSCognitoIdentityProviderService.AdminCreateUser"),
        ("POST", "DynamoDB_20120810.Scan"),
        ("POST", ""),
        ("GET", "AWSCognitoIdentityProviderService.InitiateAuth"),
    ],
)
def test_other_calls_of_the_user_pool_are_forbidden(
    gateway: Gateway, engine: FakeEngine, method: str, target: str
) -> None:
    response = send_request(gateway, "/cognito", method, x_amz_target=target)

    assert (response.status, engine.requests) == (403, [])
