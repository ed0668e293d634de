"""Who may call the local cloud: both ports listen on loopback, where every user and every web page
of the machine can reach them.

`for_local_hosts` refuses names that an attacker's DNS may point to this machine. `for_signed_calls`
lets a request into MiniStack only if AWS would: signed by the root user or with a role's temporary
credentials, or of a kind that AWS accepts unsigned.

Import this module only after the engine's settings are in the environment.
"""

import hashlib
import hmac
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qs, quote

from ministack import app
from ministack.core import iam_evaluator, router, sigv4
from ministack.core.iam_evaluator import AuthError
from ministack.core.responses import _account_from_sts_session
from ministack.services import cognito

from local.root_key import ACCOUNT

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_ENGINE_HOST: Final = re.compile(r"[a-z0-9]+\.(execute-api|cloudfront)\.localhost")
"""Names of APIs and distributions. Browsers resolve `.localhost` to this machine themselves."""

_OWN_ROUTES: Final = ("/_ministack/", "/_localstack/", "/_souk/", "/health")
_SIGN_IN_PAGES: Final = frozenset({
    ("GET", "/logout"), ("GET", "/oauth2/authorize"), ("GET", "/oauth2/userInfo"),
    ("POST", "/login"), ("POST", "/oauth2/login"), ("POST", "/oauth2/token"),
})  # fmt: skip
_COGNITO: Final = "AWSCognitoIdentityProviderService."
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_MAX_EXPIRES_SECONDS: Final = 7 * 24 * 3600

_NO_SIGNATURE = AuthError("MissingAuthenticationToken", "Missing Authentication Token")
_NOT_ROOT = AuthError("AccessDenied", "Only the root user may call this.")
_HOST_NOT_SIGNED = AuthError("SignatureDoesNotMatch", "'Host' must be a signed header.")
_OTHER_BODY = AuthError("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")
_OTHER_SERVICE = AuthError("SignatureDoesNotMatch", "The URL was signed for another service.")
_EXPIRED = AuthError("AccessDenied", "Request has expired")


def for_local_hosts(inner: App, port: int, *, with_apis: bool = False) -> App:
    """`inner`, for requests whose `Host` is this machine at `port`; others get 421.

    A web page that points its own domain name to 127.0.0.1 (DNS rebinding) counts for the browser
    as the same origin, but it cannot change the `Host`. `with_apis` also accepts MiniStack's names
    of APIs and distributions.
    """
    suffixes = {f":{port}", ""} if port == 80 else {f":{port}"}
    hosts = {f"{name}{suffix}".encode() for name in _LOOPBACK for suffix in suffixes}

    def is_local(scope: Scope) -> bool:
        named = [value.lower() for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1:
            return False
        name, _, number = named[0].decode("latin-1").rpartition(":")
        is_engine = with_apis and number == str(port) and _ENGINE_HOST.fullmatch(name)
        return named[0] in hosts or bool(is_engine)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_local(scope):
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            text = f"This address is http://127.0.0.1:{port}; other host names are refused.\n"
            await _respond(send, 421, {"content-type": "text/plain"}, text.encode())

    return guarded


def for_signed_calls(engine: App) -> App:
    """MiniStack, for the requests that AWS would accept; others get AWS's error.

    MiniStack verifies the signatures of roles only, and not on all of its routes; whoever names a
    12-digit access key is its root. Now every signature is verified here, once. The CORS headers
    that MiniStack sends with most responses are removed: only a bucket's and an API's own count.
    """
    app.pin_signed_request = lambda *_, **__: None  # MiniStack has nothing left to verify

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await engine(scope, receive, send)
            return
        if scope["type"] == "websocket":
            connection = _Request.of(scope, b"")
            if connection.is_for_api and not connection.access_key:
                await engine(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        body = await _read_body(receive)
        if body is None:
            return
        request = _Request.of(scope, body)
        if failure := request.failure():
            await _respond(send, *request.response(failure))
            return
        iam_evaluator._signed_request.set(None)
        iam_evaluator._anonymous.set(not request.access_key)
        iam_evaluator._verified_key.set(request.access_key)
        has_cors = request.is_for_api or request.is_for_bucket
        await engine(scope, _replay(body, receive), send if has_cors else _without_cors(send))

    return guarded


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, scope: Scope, body: bytes) -> "_Request":
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1"), sigv4.decode_header_value(value)
            # SigV4 signs a header sent on several lines as its values joined by a comma.
            headers[key] = f"{headers[key]},{text}" if key in headers else text
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
        query = scope["query_string"].decode("utf-8", "replace")
        return cls(
            scope.get("method", "GET"), scope["path"], raw_path.decode("latin-1"),
            parse_qs(query, keep_blank_values=True) if query else {}, headers, body,
        )  # fmt: skip

    @cached_property
    def access_key(self) -> str:
        """The key that the request names, as MiniStack reads it; empty if it names none."""
        key: str = router.extract_access_key_id(self.headers, self.query)
        return key

    @cached_property
    def service(self) -> str:
        """The service to which MiniStack passes the request."""
        params = app._routing_params(self.method, self.path, self.headers, self.body, self.query)
        service: str = router.detect_service(self.method, self.path, self.headers, params)
        return service

    @property
    def is_for_api(self) -> bool:
        host = self.headers.get("host", "")
        return bool(
            app._parse_execute_api_url(host, self.path)
            or app._parse_cloudfront_dataplane_host(host)
        )

    @property
    def is_for_bucket(self) -> bool:
        """Whether it concerns a bucket that exists."""
        target = app._s3_cors_target(self.headers.get("host", ""), self.path)
        return target is not None and self.service == "s3"

    def failure(self) -> AuthError | None:
        """Why AWS refuses the request; None if MiniStack may have it."""
        if self.path.startswith(_OWN_ROUTES) and self.access_key != ACCOUNT:
            return _NOT_ROOT if self.access_key else _NO_SIGNATURE
        if self.access_key:
            return self._signature_failure()
        return None if self._is_accepted_unsigned() else _NO_SIGNATURE

    def response(self, failure: AuthError) -> tuple[int, dict[str, str], bytes]:
        """The error in the service's protocol."""
        response: tuple[int, dict[str, str], bytes] = app._credential_failure(
            self.service, "", str(uuid.uuid4()), failure, self.headers
        )
        return response

    # -- unsigned -------------------------------------------------------------------------------

    def _is_accepted_unsigned(self) -> bool:
        """Calls of APIs and of Cognito's users, sign-in pages, and requests to a bucket.

        MiniStack's S3 verifies upload forms and refuses what the bucket's policy does not allow.
        """
        if app._is_ecr_registry_path(self.path):
            return False
        return (
            self.is_for_api
            or (self.method, self.path) in _SIGN_IN_PAGES
            or self._is_key_set()
            or self._is_user_call()
            or self.is_for_bucket
        )

    def _is_key_set(self) -> bool:
        pool, _, document = self.path.lstrip("/").partition("/.well-known/")
        is_document = document in ("jwks.json", "openid-configuration")
        return self.method == "GET" and is_document and cognito._get_pool_unscoped(pool) is not None

    def _is_user_call(self) -> bool:
        """A call of Cognito; MiniStack refuses the operations that AWS wants signed."""
        is_call = (self.method, self.path) == ("POST", "/")
        target = self.headers.get("x-amz-target", "")
        return is_call and target.startswith(_COGNITO) and self.service == "cognito-idp"

    # -- signed ---------------------------------------------------------------------------------

    @property
    def _is_presigned(self) -> bool:
        return not self.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256")

    def _signature_failure(self) -> AuthError | None:
        signature = (
            sigv4.parse_query_signature(self.query)
            if self._is_presigned
            else sigv4.parse_header_signature(self.headers)
        )
        if isinstance(signature, tuple):
            return AuthError(*signature)
        if "host" not in signature.signed_headers.split(";"):
            return _HOST_NOT_SIGNED
        if failure := self._date_failure(signature) or self._content_failure(signature):
            return failure
        credential = self._credential()
        if isinstance(credential, AuthError):
            return credential
        mismatch = sigv4.header_signature_failure(
            signature, credential.secret_access_key, self.method, self.raw_path, self.query,
            self.headers, self.body, presigned=self._is_presigned,
        )  # fmt: skip
        return AuthError(*mismatch) if mismatch else None

    def _credential(self) -> Any:
        """The key with its secret, or an AuthError."""
        token = (
            self._query_value("X-Amz-Security-Token")
            if self._is_presigned
            else self.headers.get("x-amz-security-token", "")
        )
        account = _account_from_sts_session(self.access_key) or ACCOUNT
        found = iam_evaluator.resolve_credential(self.access_key, account, token)
        if isinstance(found, iam_evaluator.CredentialResolutionError):
            return AuthError(found.code, found.message)
        return found

    def _date_failure(self, signature: Any) -> AuthError | None:
        """Headers are valid for minutes; a presigned URL of S3 as long as it says."""
        if not (self._is_presigned and signature.service == "s3"):
            skewed = sigv4.request_time_failure(signature)
            return AuthError(*skewed) if skewed else None
        try:
            seconds = int(self._query_value("X-Amz-Expires"))
            is_expired = sigv4.presigned_request_is_expired(signature.amz_date, seconds)
        except ValueError:
            return _EXPIRED
        return _EXPIRED if is_expired or not 0 < seconds <= _MAX_EXPIRES_SECONDS else None

    def _content_failure(self, signature: Any) -> AuthError | None:
        """The signature covers the hash that the request states, so that must be the body's."""
        if self._is_presigned and signature.service == "s3":
            # It leaves headers and body open, and a header could choose another service.
            return None if self.service == "s3" else _OTHER_SERVICE
        stated = self.headers.get("x-amz-content-sha256", "")
        if not _HASH.fullmatch(stated):
            return None
        is_same = hmac.compare_digest(stated, hashlib.sha256(self.body).hexdigest())
        return None if is_same else _OTHER_BODY

    def _query_value(self, name: str) -> str:
        return (self.query.get(name) or [""])[0]


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None if the client has gone."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that starts with the body, which was already read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _without_cors(send: Send) -> Send:
    async def send_without_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": headers}
        await send(message)

    return send_without_cors


async def _respond(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    encoded = [(name.encode(), str(value).encode()) for name, value in headers.items()]
    length = (b"content-length", str(len(body)).encode())
    headers_sent = [pair for pair in encoded if pair[0].lower() != b"content-length"]
    await send({
        "type": "http.response.start", "status": status, "headers": [*headers_sent, length],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": body})
