"""The one address of a running shop: its pages, pictures, reference page, API and sign-in."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra.pages import (
    ASK_AGAIN,
    content_type,
    docs_policy,
    page_policy,
    swagger_ui,
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
SETTINGS, PEOPLE = "/settings.json", "/cognito"
_SIGN_IN = frozenset(
    f"AWSCognitoIdentityProviderService.{action}".encode()
    for action in (
        "ConfirmSignUp", "InitiateAuth", "ResendConfirmationCode", "RevokeToken", "SignUp",
    )
)  # fmt: skip
"""What a browser may ask the people's directory for; none of it needs AWS credentials."""


class FrontDoor:
    """Answers pages itself and hands API calls to the engine, in the same event loop."""

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
        """`uploads` is the origin pages may send pictures to: that of the engine's S3."""
        self._engine = engine
        self._outputs = outputs
        self._pages = pages
        self._made = {OPENAPI: openapi, MAP: shop_map}  # with the template that is deployed
        self._docs = swagger_ui()
        self._uploads = uploads
        self.open = True
        self.connected = 0
        """Live connections, until their end is dealt with."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["path"].startswith("/api/") and not _is_reference(scope["path"]):
            await self._call_api(scope, receive, send)
        elif scope["path"] == PEOPLE:
            await self._call_people(scope, receive, send)
        elif pictures.PATH.fullmatch(scope["path"]):
            await self._send_picture(scope, receive, send)
        elif scope["path"] == SETTINGS:
            await self._send_settings(scope, send)
        else:
            await self._send_file(scope, send)

    async def _call_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        api_id = self._outputs().get("ApiId") if self.open else None
        if api_id is None:
            await _problem(scope, send, 503, "The shop is not open yet", [(b"retry-after", b"1")])
            return
        await self._engine(addressed_to(api_id, scope), receive, _with(send, [_NOSNIFF]))

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        live_id = self._outputs().get("LiveApiId") if self.open and scope["path"] == LIVE else None
        if live_id is None:
            await send({"type": "websocket.close", "code": 1008})
            return
        self.connected += 1
        try:
            await self._engine(addressed_to(live_id, scope), receive, send)
        finally:
            self.connected -= 1

    async def _call_people(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a sign-in on to the engine, as the user pool's own address would take it."""
        headers = dict(scope["headers"])
        if scope["method"] != "POST" or headers.get(b"x-amz-target") not in _SIGN_IN:
            await _refuse(scope, send, 403, "Here one can only sign in and sign up")
            return
        kept = (b"content-type", b"content-length", b"x-amz-target", b"host")
        said = [(name, headers[name]) for name in kept if name in headers]
        asked = {**scope, "path": "/", "raw_path": b"/", "query_string": b"", "headers": said}
        await self._engine(asked, receive, _with(send, [_NOSNIFF, (b"cache-control", b"no-store")]))

    async def _send_settings(self, scope: Scope, send: Send) -> None:
        """What the pages must know of where they are; on AWS it is a file beside them."""
        settings = {"people": PEOPLE, "client": self._outputs().get("UserPoolClientId")}
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache")]
        body = json.dumps(settings).encode()
        await _answer(send, 200, headers, body, is_head=scope["method"] == "HEAD")

    async def _send_picture(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = self._outputs().get("PicturesBucket")
        if bucket is None or scope["method"] not in ("GET", "HEAD"):
            await self._send_file(scope, send)  # which has none of them
            return
        await self._engine(pictures.asked_of(bucket, scope), receive, _with(send, [_NOSNIFF]))

    async def _send_file(self, scope: Scope, send: Send) -> None:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(
                scope, send, 405, "This page can only be read", [(b"allow", b"GET, HEAD")]
            )
            return
        if path == DOCS:
            await _redirect(send, f"{DOCS}/")
            return
        file = self._file(path)
        if file is None:
            await _refuse(scope, send, 404, "There is no such page")
            return
        policy = docs_policy() if path.startswith(DOCS) else page_policy(self._uploads)
        await _send_content(scope, send, await asyncio.to_thread(file.read_bytes), file, policy)

    def _file(self, path: str) -> Path | None:
        if made := self._made.get(path):
            return made if made.is_file() else None
        if path.startswith(f"{DOCS}/"):
            name = path.removeprefix(f"{DOCS}/")
            return inside(self._docs, name) if name else inside(self._pages, "reference.html")
        return inside(self._pages, path[1:]) or inside(self._pages, f"{path[1:]}.html")


def inside(root: Path, path: str) -> Path | None:
    """The file a path names under `root`; None for anything missing, hidden or outside."""
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    file = root.joinpath(*parts)
    if path == "" or path.endswith("/"):
        file = file / "index.html"
    is_ours = file.is_file() and file.resolve().is_relative_to(root.resolve())
    return file if is_ours else None


def addressed_to(api_id: str, scope: Scope) -> Scope:
    """The same request as if its client had called the API's own host name."""
    host = f"{api_id}.execute-api.localhost".encode()
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [(b"host", host), *headers]}


def _is_reference(path: str) -> bool:
    return path in (DOCS, OPENAPI) or path.startswith(f"{DOCS}/")


_NOSNIFF = (b"x-content-type-options", b"nosniff")


def _with(send: Send, extra: Headers) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return send_with


async def _send_content(scope: Scope, send: Send, body: bytes, file: Path, policy: str) -> None:
    etag = f'W/"{sha256(body).hexdigest()[:32]}"'
    kind, asks = content_type(file), dict(scope["headers"])
    headers = [
        (b"content-type", kind.encode()),
        (b"etag", etag.encode()),
        (b"cache-control", ASK_AGAIN.encode()),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"vary", b"accept-encoding"),
    ]
    asked = asks.get(b"if-none-match", b"").decode("latin-1")
    if etag in (tag.strip() for tag in asked.split(",")):
        await _answer(send, 304, headers, b"", is_head=True)
        return
    if "charset" in kind and b"gzip" in asks.get(b"accept-encoding", b""):
        body = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    await _answer(send, 200, headers, body, is_head=scope["method"] == "HEAD")


async def _refuse(
    scope: Scope, send: Send, status: int, why: str, extra: Headers | None = None
) -> None:
    if scope["path"].startswith("/api"):
        await _problem(scope, send, status, why, extra or [])
        return
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>{why}</title><h1>{why}.</h1>"
    headers = [(b"content-type", b"text/html; charset=utf-8"), *(extra or [])]
    headers.append((b"content-security-policy", page_policy().encode()))
    await _answer(send, status, headers, page.encode(), is_head=scope["method"] == "HEAD")


async def _problem(scope: Scope, send: Send, status: int, title: str, extra: Headers) -> None:
    body = json.dumps({"type": "about:blank", "title": title, "status": status}).encode()
    headers = [(b"content-type", b"application/problem+json"), *extra]
    await _answer(send, status, headers, body, is_head=scope["method"] == "HEAD")


async def _redirect(send: Send, to: str) -> None:
    await _answer(send, 308, [(b"location", to.encode())], b"", is_head=False)


async def _answer(
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


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        stage = (await receive())["type"]
        await send({"type": f"{stage}.complete"})
        if stage == "lifespan.shutdown":
            return
