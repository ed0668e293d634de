"""Answers: no longer than AWS's, and quickly read and written."""

import json
import time
from email.utils import formatdate
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import msgspec
from ministack import app
from ministack.core import iam_actions, lambda_runtime, responses
from ministack.services import (
    apigateway,
    dynamodb,
    eventbridge,
    lambda_svc,
    sqs,
    stepfunctions,
)

_OF_BROWSERS = "access-control-"
_OF_S3 = frozenset({"x-amz-id-2", "x-amz-request-id"})

Json = dict[str, Any]


def answers_have_the_headers_of_aws() -> None:
    """Upstream adds four headers for browsers and two of S3 to the answers of every service; a
    twentieth of what a call costs its function is reading them."""
    upstream = app._dispatch_service_request

    async def dispatch(*request: Any) -> tuple[int, Json, Any]:
        status, headers, body = await upstream(*request)
        if headers.get("Content-Type", "").startswith("application/x-amz-json"):
            headers = {name: value for name, value in headers.items() if _is_theirs(name.lower())}
        return status, headers, body

    app._dispatch_service_request = dispatch


def _is_theirs(name: str) -> bool:
    return name not in _OF_S3 and not name.startswith(_OF_BROWSERS)


def a_second_is_written_once() -> None:
    """Upstream makes a date for each answer; all of one second have the same."""
    written = lru_cache(maxsize=1)(lambda second: formatdate(second, usegmt=True))
    app.formatdate = lambda **_in_gmt: written(int(time.time()))


def json_is_quick() -> None:
    """Upstream reads and writes JSON with the standard library: a fifteenth of the engine's time.
    What msgspec refuses, or cannot do as it is wanted, still goes that way."""
    quick = SimpleNamespace(**{**vars(json), "loads": _loads, "dumps": _dumps})
    for module in (
        apigateway, dynamodb, eventbridge, iam_actions, lambda_runtime, lambda_svc, responses, sqs,
        stepfunctions,
    ):  # fmt: skip
        module.json = quick


def _loads(text: str | bytes, **options: Any) -> Any:
    if not options:
        try:
            return msgspec.json.decode(text)
        except ValueError:
            pass
    return json.loads(text, **options)


_OF_LAYOUT = frozenset({"ensure_ascii", "separators"})  # which no reader of JSON minds


def _dumps(value: Any, **options: Any) -> str:
    if options.keys() <= _OF_LAYOUT:
        try:
            return msgspec.json.encode(value).decode()
        except (TypeError, ValueError):
            pass
    return json.dumps(value, **options)
