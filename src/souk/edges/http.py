"""The HTTP edge: requests in, answers and problem details out."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from souk.edges.routes import Access, Answer, Call, Caller, Route, Routes
from souk.kernel import aws
from souk.kernel.errors import Busy, Failure, Forbidden, Invalid, NotFound, Refusal, Unauthorized
from souk.kernel.facts import Cause, caused_by
from souk.kernel.ids import new_id
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    Served = tuple[Route, Sequence[str], type[msgspec.Struct] | None]
    """A route, one of its paths in parts, and the type of its body."""

STAFF_GROUPS = frozenset({"staff", "admin"})
MAX_NAME = 200  # characters; the store's keys end at 1,024 bytes
_CORRELATION_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_PATH_IN_ERROR = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>[^`]*)`)?$", re.DOTALL)


def api(routes: Routes) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda handler that serves `routes` behind an HTTP API (payload 2.0)."""
    served = [(route, path.split("/"), route.body) for route in routes for path in route.paths()]

    def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        correlation_id = _correlation_id(event)
        logger.append_keys(correlation_id=correlation_id)
        with caused_by(Cause(correlation_id)):
            answer = _answer(event, served)
        answer["headers"]["Correlation-Id"] = correlation_id
        logger.info("answered", route=event["routeKey"], status=answer["statusCode"])
        return answer

    return handle


def _answer(event: dict[str, Any], served: Iterable[Served]) -> dict[str, Any]:
    try:
        return _serve(event, served)
    except Refusal as refusal:
        return _problem(refusal)
    except ClientError as error:
        return _throttled(error)
    except Exception as error:  # noqa: BLE001  whatever it is, the caller gets an answer
        return _failure(error)


def _serve(event: dict[str, Any], served: Iterable[Served]) -> dict[str, Any]:
    method, parts = event["requestContext"]["http"]["method"], event["rawPath"].split("/")
    for route, pattern, body_type in served:
        path = _match(pattern, parts) if route.method == method else None
        if path is not None:
            call = _call(event, route, path)
            arguments = [] if body_type is None else [_body(event, body_type)]
            return _respond(route.handler(call, *arguments), route.status)
    raise NotFound("no such route")


def _match(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """What a path says in the places of `{names}`; None when it is another route's."""
    if len(pattern) != len(parts):
        return None
    path = {}
    for wanted, given in zip(pattern, parts, strict=True):
        if wanted.startswith("{") and given:
            path[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return path


def _call(event: dict[str, Any], route: Route, path: dict[str, str]) -> Call:
    query = event.get("queryStringParameters") or {}
    if any(len(value) > MAX_NAME for value in (*path.values(), *query.values())):
        raise NotFound("nothing here has so long a name")
    headers = {name.lower(): value for name, value in event["headers"].items()}
    call = Call(path, query, headers, body=_bytes(event))
    caller = _caller(route.access, event["rawPath"], call, event["requestContext"])
    return call._replace(caller=caller)


def _bytes(event: dict[str, Any]) -> bytes:
    sent: str = event.get("body", "")
    return b64decode(sent) if event["isBase64Encoded"] else sent.encode(errors="surrogatepass")


def _respond(answered: Any, status: int) -> dict[str, Any]:
    answer = answered if isinstance(answered, Answer) else Answer(answered, status)
    if answer.body is None:
        return _response(answer.status, "", dict(answer.headers))
    headers = {"Content-Type": "application/json", **answer.headers}
    return _response(answer.status, msgspec.json.encode(answer.body).decode(), headers)


def _response(status: int, body: str, headers: dict[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _problem(refusal: Refusal) -> dict[str, Any]:
    headers = {"Content-Type": "application/problem+json"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return _response(refusal.status, msgspec.json.encode(refusal.problem()).decode(), headers)


def _throttled(error: ClientError) -> dict[str, Any]:
    if error.response["Error"]["Code"] in aws.THROTTLED:
        logger.warning("throttled", exc_info=error)
        return _problem(Busy("the shop is very busy; nothing was changed, please try again"))
    return _failure(error)


def _failure(error: Exception) -> dict[str, Any]:
    logger.exception("failed", exc_info=error)
    return _problem(Failure("the shop made a mistake; it has been logged, please try again"))


def _body(event: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Raises Invalid with a JSON pointer to the field that does not fit."""
    try:
        return msgspec.json.decode(_bytes(event), type=kind)
    except msgspec.ValidationError as error:
        match = _PATH_IN_ERROR.match(str(error))
        what, where = (match["what"], match["where"]) if match else (str(error), None)
        raise Invalid.field(pointer(where or "$"), what) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise NotJson.field("", f"the body is not JSON: {error}") from error


class NotJson(Invalid):
    status = 400
    slug = "not-json"


def pointer(path: str) -> str:
    """A msgspec path such as `$.lines[0].sku` as a JSON pointer, `/lines/0/sku` (RFC 6901)."""
    return path.removeprefix("$").replace("[", ".").replace("]", "").replace(".", "/")


def _caller(access: Access, path: str, call: Call, context: Mapping[str, Any]) -> Caller | None:
    """The one place where it is read who calls."""
    match access:
        case Access.PUBLIC:
            return None
        case Access.VISITOR if path.startswith("/api/guest/"):
            return Caller(call.guest(), "/api/guest")
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims")
    if claims is None:
        raise Unauthorized("sign in, and send the access token as a Bearer token")
    if access is Access.STAFF and not STAFF_GROUPS & groups(claims.get("cognito:groups", "")):
        raise Forbidden("this needs a member of staff")
    return Caller(f"customer-{claims['sub']}", access.prefixes[-1])


def groups(claim: str) -> frozenset[str]:
    """An HTTP API hands the claim on as text, `[staff admin]`, not as a list."""
    return frozenset(claim.strip("[]").replace(",", " ").split())


def _correlation_id(event: dict[str, Any]) -> str:
    given = event["headers"].get("correlation-id", "")
    return given if _CORRELATION_ID.match(given) else new_id()
