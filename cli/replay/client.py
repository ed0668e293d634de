"""The HTTP client of the replay: retries with backoff and respects Retry-After."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import httpx

MIN_PAUSE_SECONDS: Final = 0.05
GATEWAY_ERRORS: Final = frozenset({500, 502, 504})
RETRY_LATER: Final = frozenset({429, 503})


class ReplayError(Exception):
    """The replay cannot continue. The message is one sentence for the user."""


class OutcomeUnknown(Exception):
    """There is no usable response: the shop may or may not have carried out the request."""


@dataclass(frozen=True)
class RetryPolicy:
    """Limits of the retries.

    `max_wait_seconds` bounds the time for one request with all its retries, `max_attempts` the
    number of attempts without a response, `order_timeout_seconds` the time until an effect that
    follows by events, such as a new order, has to be visible.
    """

    max_wait_seconds: float = 60.0
    max_attempts: int = 6
    order_timeout_seconds: float = 60.0


@dataclass(frozen=True)
class ApiRequest:
    """A request that is safe to repeat. `step` is its name in the latency table.

    A body of bytes is sent unchanged, any other body as JSON.
    """

    step: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None


@dataclass(frozen=True)
class TransientFailure:
    """The reason to retry a request.

    `response` is set if the shop asked the client to retry later, after `pause_seconds`. It is
    None for a lost connection, a timeout or a gateway error.
    """

    reason: str
    pause_seconds: float | None = None
    response: httpx.Response | None = None


@dataclass
class Client:
    """Sends requests to the shop, and records their latencies and the reasons of retries."""

    http: httpx.AsyncClient
    retry_policy: RetryPolicy = RetryPolicy()
    latencies: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds by step."""
    retries: Counter[str] = field(default_factory=Counter)
    """Number of retries by reason."""

    async def send(self, request: ApiRequest) -> httpx.Response:
        """The shop's response, success or error, after retries of transient failures.

        Raises OutcomeUnknown when there is no response within the limits of the retry policy.
        """
        deadline = perf_counter() + self.retry_policy.max_wait_seconds
        failures = 0
        while isinstance(result := await self._send_once(request), TransientFailure):
            failures += result.response is None
            pause = result.pause_seconds or MIN_PAUSE_SECONDS * 2**failures
            if failures == self.retry_policy.max_attempts or perf_counter() + pause > deadline:
                return _final_response(request, result)
            self.retries[result.reason] += 1
            await asyncio.sleep(pause)
        return result

    async def _send_once(self, request: ApiRequest) -> httpx.Response | TransientFailure:
        started = perf_counter()
        is_raw = isinstance(request.body, bytes)
        try:
            response = await self.http.request(
                request.method,
                request.path,
                headers=dict(request.headers),
                content=request.body if isinstance(request.body, bytes) else None,
                json=None if is_raw else request.body,
            )
        except httpx.TimeoutException:
            return TransientFailure("timeout")
        except httpx.TransportError:
            return TransientFailure("connection-lost")
        if response.status_code in GATEWAY_ERRORS:
            return TransientFailure(problem_slug(response))
        if _asks_to_retry(response):
            return TransientFailure(problem_slug(response), _retry_after(response), response)
        self.latencies[request.step].append(perf_counter() - started)
        return response


def problem_slug(response: httpx.Response) -> str:
    """The last part of the problem type, or such as `http-403` for a response without one."""
    try:
        problem_type = response.json()["type"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        problem_type = None
    prefix = "/problems/"
    if isinstance(problem_type, str) and problem_type.startswith(prefix):
        return problem_type.removeprefix(prefix)
    return f"http-{response.status_code}"


def _asks_to_retry(response: httpx.Response) -> bool:
    is_temporary_conflict = (
        response.status_code == httpx.codes.CONFLICT and "Retry-After" in response.headers
    )
    return is_temporary_conflict or response.status_code in RETRY_LATER


def _retry_after(response: httpx.Response) -> float:
    """The seconds of Retry-After; one second if the header is missing or a date."""
    header = response.headers.get("Retry-After", "")
    return max(MIN_PAUSE_SECONDS, float(header) if header.isdecimal() else 1.0)


def _final_response(request: ApiRequest, failure: TransientFailure) -> httpx.Response:
    """A 409 is the final response when the retries are used up. Otherwise OutcomeUnknown."""
    response = failure.response
    if response is not None and response.status_code == httpx.codes.CONFLICT:
        return response
    raise OutcomeUnknown(f"{request.method} {request.path} got no response ({failure.reason})")
