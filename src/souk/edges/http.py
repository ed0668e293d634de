"""The HTTP edge: requests in, answers and problem details out."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from botocore.exceptions import ClientError

from souk.edges.routes import Access, Answer, Call, Caller, Route, Routes
from souk.kernel import aws
from souk.kernel.errors import Busy, Failure, Forbidden, Invalid, NotFound, Refusal, Unauthorized
from souk.kernel.facts import Cause, caused_by
from souk.kernel.ids import new_id
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent
    from aws_lambda_powertools.utilities.typing import LambdaContext

STAFF_GROUPS = frozenset({"staff", "admin"})
MAX_NAME = 200  # characters; the store's keys end at 1,024 bytes
_GUEST_TOKEN = re.compile(r"^[A-Za-z0-9_-]{22,128}$")  # 22 base64 characters hold 128 bits
_CORRELATION_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_PATH_IN_ERROR = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>[^`]*)`)?$", re.DOTALL)


def api(routes: Routes) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda handler that serves `routes` behind an HTTP API (payload 2.0)."""
    resolver = APIGatewayHttpResolver()
    resolver.not_found(lambda _: _problem(NotFound("no such route")))
    resolver.exception_handler(Refusal)(_problem)
    resolver.exception_handler(ClientError)(_throttled)
    resolver.exception_handler(Exception)(_failure)
    for route in routes:
        for path in route.paths():
            rule = path.replace("{", "<").replace("}", ">")
            resolver.route(rule, method=route.method)(_server(resolver, route))

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        correlation_id = _correlation_id(event)
        logger.append_keys(correlation_id=correlation_id)
        with caused_by(Cause(correlation_id)):
            answer = resolver.resolve(event, context)
        answer["headers"]["Correlation-Id"] = correlation_id
        logger.info("answered", route=event["routeKey"], status=answer["statusCode"])
        return answer

    return handle


def _server(resolver: APIGatewayHttpResolver, route: Route) -> Callable[..., Response[str]]:
    body_type = route.body

    def serve(**path: str) -> Response[str]:
        event = resolver.current_event
        query = event.query_string_parameters
        if any(len(value) > MAX_NAME for value in (*path.values(), *query.values())):
            raise NotFound("nothing here has so long a name")
        headers = {name.lower(): value for name, value in event.headers.items()}
        call = Call(
            path=path,
            query=query,
            headers=headers,
            caller=_caller(route.access, event.path, headers, event.raw_event["requestContext"]),
            raw=_raw(event),
        )
        arguments = [] if body_type is None else [_body(event, body_type)]
        return _respond(route.handler(call, *arguments), route.status)

    return serve


def _respond(answered: Any, status: int) -> Response[str]:
    answer = answered if isinstance(answered, Answer) else Answer(answered, status)
    return Response(
        status_code=answer.status,
        content_type="application/json" if answer.body is not None else None,
        body="" if answer.body is None else msgspec.json.encode(answer.body).decode(),
        headers=dict(answer.headers),
    )


def _problem(refusal: Refusal) -> Response[str]:
    wait = refusal.retry_after
    return Response(
        status_code=refusal.status,
        content_type="application/problem+json",
        body=msgspec.json.encode(refusal.problem()).decode(),
        headers={} if wait is None else {"Retry-After": str(wait)},
    )


def _throttled(error: ClientError) -> Response[str]:
    if error.response["Error"]["Code"] in aws.THROTTLED:
        logger.warning("throttled", exc_info=error)
        return _problem(Busy("the shop is very busy; nothing was changed, please try again"))
    return _failure(error)


def _failure(error: Exception) -> Response[str]:
    logger.exception("failed", exc_info=error)
    return _problem(Failure("the shop made a mistake; it has been logged, please try again"))


def _raw(event: BaseProxyEvent) -> str:
    """The body as text; empty when it is none, which fits no signature and no form."""
    try:
        return event.decoded_body or ""
    except UnicodeError:
        return ""


def _body(event: BaseProxyEvent, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Raises Invalid with a JSON pointer to the field that does not fit."""
    try:
        return msgspec.json.decode(event.decoded_body or "", type=kind)
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


def _caller(
    access: Access, path: str, headers: Mapping[str, str], context: Mapping[str, Any]
) -> Caller | None:
    """The one place where it is read who calls."""
    match access:
        case Access.PUBLIC:
            return None
        case Access.VISITOR if path.startswith("/api/guest/"):
            return Caller(_guest(headers.get("guest-token", "")), "/api/guest")
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims")
    if claims is None:
        raise Unauthorized("sign in, and send the access token as a Bearer token")
    if access is Access.STAFF and not STAFF_GROUPS & groups(claims.get("cognito:groups", "")):
        raise Forbidden("this needs a member of staff")
    return Caller(f"customer-{claims['sub']}", access.value[-1])


def _guest(token: str) -> str:
    """Only the token's hash is ever stored or sent: who reads the tables cannot be the guest."""
    if not _GUEST_TOKEN.match(token):
        raise Unauthorized("send a Guest-Token header of 22 to 128 characters A-Z a-z 0-9 _ -")
    return f"guest-{hashlib.sha256(token.encode()).hexdigest()[:40]}"


def groups(claim: str) -> frozenset[str]:
    """An HTTP API hands the claim on as text, `[staff admin]`, not as a list."""
    return frozenset(claim.strip("[]").replace(",", " ").split())


def _correlation_id(event: dict[str, Any]) -> str:
    given = event["headers"].get("correlation-id", "")
    return given if _CORRELATION_ID.match(given) else new_id()
