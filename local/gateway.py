"""The local gateway: one address for the shop's pages, pictures, API, API reference and sign-in."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra.pages import (
    CACHE_CONTROL,
    content_type,
    docs_policy,
    page_policy,
    swagger_ui_folder,
)
from local import pictures

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

DOCS, OPENAPI, MAP = "/api/docs", "/api/openapi.json", "/map.json"
LIVE = "/live"  # the stage of the WebSocket API
SETTINGS, USER_POOL = "/settings.json", "/cognito"
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_ETAG_LENGTH = 32  # hexadecimal digits
_SIGN_IN_TARGETS = frozenset(
    f"AWSCognitoIdentityProviderService.{action}".encode()
    for action in (
        "ConfirmSignUp", "InitiateAuth", "ResendConfirmationCode", "RevokeToken", "SignUp",
    )
)  # fmt: skip
"""The Cognito calls a browser may make. None of them needs AWS credentials."""


class Gateway:
    """Serves pages itself and passes API calls to the engine, in the same event loop."""

    def __init__(
        self,
        *,
        engine: App,
        outputs: Callable[[], dict[str, str]],
        pages: Path,
        openapi: Path,
        shop_map: Path,
        uploads: str,
    ) -> None:
        """`outputs` reads the outputs of the deployed stack, empty before the first deployment.

        `uploads` is the origin to which pages may upload pictures: that of the engine's S3.
        """
        self.is_open = True
        """False while the shop stops: no API call or connection is accepted."""
        self.connections = 0
        """Number of open WebSocket connections, each counted until its disconnect is handled."""
        self._engine = engine
        self._outputs = outputs
        self._pages = pages
        self._generated = {OPENAPI: openapi, MAP: shop_map}  # written by each deployment
        self._docs = swagger_ui_folder()
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _handle_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["path"].startswith("/api/") and not _is_reference(scope["path"]):
            await self._call_api(scope, receive, send)
        elif scope["path"] == USER_POOL:
            await self._call_user_pool(scope, receive, send)
        elif pictures.PATH.fullmatch(scope["path"]):
            await self._send_picture(scope, receive, send)
        elif scope["path"] == SETTINGS:
            await self._send_settings(scope, send)
        else:
            await self._send_file(scope, send)

    async def _call_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        api_id = self._outputs().get("ApiId") if self.is_open else None
        if api_id is None:
            detail = "The shop is not running yet. Try again in a second."
            headers = [(b"retry-after", b"1")]
            await _send_problem(scope, send, 503, "Service unavailable", detail, headers)
            return
        await self._engine(_to_api(api_id, scope), receive, _with_headers(send, [_NOSNIFF]))

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_accepted = self.is_open and scope["path"] == LIVE
        api_id = self._outputs().get("WebSocketApiId") if is_accepted else None
        if api_id is None:
            await send({"type": "websocket.close", "code": 1008})
            return
        self.connections += 1
        try:
            await self._engine(_to_api(api_id, scope), receive, send)
        finally:
            self.connections -= 1

    async def _call_user_pool(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a sign-in or sign-up to the engine, which expects it at the path `/`."""
        headers = dict(scope["headers"])
        if scope["method"] != "POST" or headers.get(b"x-amz-target") not in _SIGN_IN_TARGETS:
            detail = "This address accepts only sign-in and sign-up requests."
            await _send_error(scope, send, 403, "Forbidden", detail)
            return
        names = (b"content-type", b"content-length", b"x-amz-target", b"host")
        forwarded = [(name, headers[name]) for name in names if name in headers]
        request = {
            **scope, "path": "/", "raw_path": b"/", "query_string": b"", "headers": forwarded,
        }  # fmt: skip
        no_store = (b"cache-control", b"no-store")
        await self._engine(request, receive, _with_headers(send, [_NOSNIFF, no_store]))

    async def _send_settings(self, scope: Scope, send: Send) -> None:
        """The settings of the pages. On AWS they are a file that the deployment uploads."""
        settings = {"user_pool": USER_POOL, "client_id": self._outputs().get("UserPoolClientId")}
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache")]
        body = json.dumps(settings).encode()
        await _respond(send, 200, headers, body, is_head=scope["method"] == "HEAD")

    async def _send_picture(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = self._outputs().get("PicturesBucket")
        if bucket is None or scope["method"] not in ("GET", "HEAD"):
            await self._send_file(scope, send)  # responds 404 or 405
            return
        request = pictures.presigned_scope(bucket, scope)
        await self._engine(request, receive, _with_headers(send, [_NOSNIFF]))

    async def _send_file(self, scope: Scope, send: Send) -> None:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            detail = "Pages accept only GET and HEAD."
            headers = [(b"allow", b"GET, HEAD")]
            await _send_error(scope, send, 405, "Method not allowed", detail, headers)
            return
        if path == DOCS:
            await _redirect(send, f"{DOCS}/")
            return
        file = self._find_file(path)
        if file is None:
            await _send_error(scope, send, 404, "Not found", "There is no page at this address.")
            return
        policy = docs_policy() if path.startswith(DOCS) else page_policy(self._uploads)
        await _send_content(scope, send, await asyncio.to_thread(file.read_bytes), file, policy)

    def _find_file(self, path: str) -> Path | None:
        if generated := self._generated.get(path):
            return generated if generated.is_file() else None
        if path.startswith(f"{DOCS}/"):
            name = path.removeprefix(f"{DOCS}/")
            if name:
                return _find_inside(self._docs, name)
            return _find_inside(self._pages, "reference.html")
        return _find_inside(self._pages, path[1:]) or _find_inside(self._pages, f"{path[1:]}.html")


def _find_inside(root: Path, path: str) -> Path | None:
    """The file at `path` below `root`; None if it is missing, hidden or outside of `root`."""
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    file = root.joinpath(*parts)
    if path == "" or path.endswith("/"):
        file = file / "index.html"
    is_inside = file.is_file() and file.resolve().is_relative_to(root.resolve())
    return file if is_inside else None


def _to_api(api_id: str, scope: Scope) -> Scope:
    """The same request, addressed to the host name of the API."""
    host = f"{api_id}.execute-api.localhost".encode()
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [(b"host", host), *headers]}


def _is_reference(path: str) -> bool:
    return path in (DOCS, OPENAPI) or path.startswith(f"{DOCS}/")


def _with_headers(send: Send, headers: Headers) -> Send:
    """A `send` that adds `headers` to the response."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *headers]}
        await send(message)

    return send_with_headers


async def _send_content(scope: Scope, send: Send, body: bytes, file: Path, policy: str) -> None:
    etag = f'W/"{sha256(body).hexdigest()[:_ETAG_LENGTH]}"'
    media_type, request_headers = content_type(file), dict(scope["headers"])
    headers = [
        (b"content-type", media_type.encode()),
        (b"etag", etag.encode()),
        (b"cache-control", CACHE_CONTROL.encode()),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"vary", b"accept-encoding"),
    ]
    cached_etags = request_headers.get(b"if-none-match", b"").decode("latin-1")
    if etag in (tag.strip() for tag in cached_etags.split(",")):
        await _respond(send, 304, headers, b"", is_head=True)
        return
    if "charset" in media_type and b"gzip" in request_headers.get(b"accept-encoding", b""):
        body = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    await _respond(send, 200, headers, body, is_head=scope["method"] == "HEAD")


async def _send_error(
    scope: Scope, send: Send, status: int, title: str, detail: str, headers: Headers | None = None
) -> None:
    """A problem document below `/api`, a page elsewhere."""
    if scope["path"].startswith("/api"):
        await _send_problem(scope, send, status, title, detail, headers or [])
        return
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<h1>{title}</h1><p>{detail}"
    )
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        *(headers or []),
        (b"content-security-policy", page_policy().encode()),
    ]
    await _respond(send, status, headers, page.encode(), is_head=scope["method"] == "HEAD")


async def _send_problem(
    scope: Scope, send: Send, status: int, title: str, detail: str, headers: Headers
) -> None:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = [(b"content-type", b"application/problem+json"), *headers]
    body = json.dumps(problem).encode()
    await _respond(send, status, headers, body, is_head=scope["method"] == "HEAD")


async def _redirect(send: Send, location: str) -> None:
    await _respond(send, 308, [(b"location", location.encode())], b"", is_head=False)


async def _respond(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, is_head: bool
) -> None:
    length = [] if status == 304 else [(b"content-length", str(len(body)).encode())]
    date = (b"date", formatdate(usegmt=True).encode())
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, *length, date, _NOSNIFF],
        }
    )
    await send({"type": "http.response.body", "body": b"" if is_head else body})


async def _handle_lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
