"""Serves a service's routes behind an API Gateway HTTP API."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from souk.kernel import aws
from souk.kernel.errors import (
    ApiError,
    Busy,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    Unauthorized,
)
from souk.kernel.events import Cause, caused_by
from souk.kernel.ids import new_id
from souk.kernel.logs import logger
from souk.runtime.routes import Access, Caller, Request, Response, Route, Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    RouteEntry = tuple[Route, Sequence[str], type[msgspec.Struct] | None]
    """A route, one of its paths split at the slashes, and the type of its body."""

STAFF_GROUPS = frozenset({"staff", "admin"})
MAX_PARAMETER_LENGTH = 200  # characters; a DynamoDB key holds 1,024 bytes
_CORRELATION_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_PATH_IN_ERROR = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


def api_handler(routes: Routes) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda handler that serves `routes` behind an HTTP API (payload format 2.0)."""
    entries = [(route, path.split("/"), route.body) for route in routes for path in route.paths()]

    def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        correlation_id = _correlation_id(event)
        logger.append_keys(correlation_id=correlation_id)
        with caused_by(Cause(correlation_id)):
            response = _respond(event, entries)
        response["headers"]["Correlation-Id"] = correlation_id
        logger.info("responded", route=event["routeKey"], status=response["statusCode"])
        return response

    return handle


def _respond(event: dict[str, Any], entries: Iterable[RouteEntry]) -> dict[str, Any]:
    try:
        return _serve(event, entries)
    except ApiError as error:
        return _problem_response(error)
    except ClientError as error:
        return _client_error_response(error)
    except Exception as error:  # noqa: BLE001  every request gets a response
        return _internal_error_response(error)


def _serve(event: dict[str, Any], entries: Iterable[RouteEntry]) -> dict[str, Any]:
    method, parts = event["requestContext"]["http"]["method"], event["rawPath"].split("/")
    for route, pattern, body_type in entries:
        path = _match(pattern, parts) if route.method == method else None
        if path is not None:
            request = _request(event, route, path)
            arguments = [] if body_type is None else [_parse_body(event, body_type)]
            return _success_response(route.handler(request, *arguments), route.status)
    raise NotFound("There is no such route.")


def _match(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The values of the path's `{parameters}`; None when the path belongs to another route."""
    if len(pattern) != len(parts):
        return None
    path = {}
    for expected, actual in zip(pattern, parts, strict=True):
        if expected.startswith("{") and actual:
            path[expected[1:-1]] = actual
        elif expected != actual:
            return None
    return path


def _request(event: dict[str, Any], route: Route, path: dict[str, str]) -> Request:
    query = event.get("queryStringParameters") or {}
    if any(len(value) > MAX_PARAMETER_LENGTH for value in (*path.values(), *query.values())):
        raise NotFound(f"A parameter is longer than {MAX_PARAMETER_LENGTH} characters.")
    headers = {name.lower(): value for name, value in event["headers"].items()}
    request = Request(path, query, headers, body=_body_bytes(event))
    identity = _identify(route.access, event["rawPath"], request, event["requestContext"])
    return request._replace(identity=identity)


def _body_bytes(event: dict[str, Any]) -> bytes:
    body: str = event.get("body", "")
    return b64decode(body) if event["isBase64Encoded"] else body.encode(errors="surrogatepass")


def _success_response(result: Any, status: int) -> dict[str, Any]:
    response = result if isinstance(result, Response) else Response(result, status)
    if response.body is None:
        return _lambda_response(response.status, "", dict(response.headers))
    headers = {"Content-Type": "application/json", **response.headers}
    return _lambda_response(response.status, msgspec.json.encode(response.body).decode(), headers)


def _lambda_response(status: int, body: str, headers: dict[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _problem_response(error: ApiError) -> dict[str, Any]:
    headers = {"Content-Type": "application/problem+json"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return _lambda_response(error.status, msgspec.json.encode(error.problem()).decode(), headers)


def _client_error_response(error: ClientError) -> dict[str, Any]:
    if error.response["Error"]["Code"] in aws.THROTTLING_CODES:
        logger.warning("throttled", exc_info=error)
        return _problem_response(Busy("The shop is busy. Try again."))
    return _internal_error_response(error)


def _internal_error_response(error: Exception) -> dict[str, Any]:
    logger.exception("failed", exc_info=error)
    return _problem_response(InternalError("An internal error occurred and was logged. Try again."))


def _parse_body(event: dict[str, Any], body_type: type[msgspec.Struct]) -> msgspec.Struct:
    """Raises InvalidRequest with a JSON pointer to the invalid field, or InvalidJson."""
    try:
        return msgspec.json.decode(_body_bytes(event), type=body_type)
    except msgspec.ValidationError as error:
        match = _PATH_IN_ERROR.match(str(error))
        detail, path = (match["detail"], match["path"]) if match else (str(error), None)
        raise InvalidRequest.field(pointer(path or "$"), detail) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidJson.field("", f"The body is not JSON: {error}") from error


class InvalidJson(InvalidRequest):
    status = 400
    slug = "invalid-json"
    title = "Invalid JSON"


def pointer(path: str) -> str:
    """Converts a msgspec path, `$.lines[0].sku`, to a JSON pointer, `/lines/0/sku` (RFC 6901)."""
    return path.removeprefix("$").replace("[", ".").replace("]", "").replace(".", "/")


def _identify(
    access: Access, path: str, request: Request, context: Mapping[str, Any]
) -> Caller | None:
    """Who calls: the only place that reads tokens and claims. Raises Unauthorized, Forbidden."""
    match access:
        case Access.PUBLIC:
            return None
        case Access.VISITOR if path.startswith("/api/guest/"):
            return Caller(request.guest_owner(), "/api/guest")
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims")
    if claims is None:
        raise Unauthorized("Sign in and send the access token as a Bearer token.")
    if access is Access.STAFF and not STAFF_GROUPS & groups(claims.get("cognito:groups", "")):
        raise Forbidden("Only staff may use this route.")
    return Caller(f"customer-{claims['sub']}", access.prefixes[-1])


def groups(claim: str) -> frozenset[str]:
    """Parses `cognito:groups`, which an HTTP API passes as the text `[staff admin]`."""
    return frozenset(claim.strip("[]").replace(",", " ").split())


def _correlation_id(event: dict[str, Any]) -> str:
    header = event["headers"].get("correlation-id", "")
    return header if _CORRELATION_ID.match(header) else new_id()
