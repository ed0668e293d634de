"""A well-behaved HTTP client: waits as it is told, asks again when an answer is lost, gives up."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import httpx

SHORTEST_PAUSE: Final = 0.05
GATEWAY_TROUBLE: Final = frozenset({500, 502, 504})
COME_BACK_LATER: Final = frozenset({429, 503})


class ReplayError(Exception):
    """Why the replay cannot go on, in one sentence."""


class Lost(Exception):
    """No answer one can go on with; whether the shop did what it was asked is unknown."""


@dataclass(frozen=True)
class Patience:
    """How much a client bears: seconds of being put off, tries without an answer, seconds until
    an order must be there."""

    put_off: float = 60.0
    tries: int = 6
    order: float = 60.0


@dataclass(frozen=True)
class Ask:
    """A request that may safely be sent twice; `step` is its name in the latency table.

    A body of bytes is sent as it is, any other as JSON.
    """

    step: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None


@dataclass(frozen=True)
class Setback:
    """Why a request has to be sent again: the shop put us off, or (no answer) an accident."""

    why: str
    pause: float | None = None
    answer: httpx.Response | None = None


@dataclass
class Client:
    """Asks the shop and keeps how long answers took and why it had to ask again."""

    http: httpx.AsyncClient
    patience: Patience = Patience()
    latencies: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    asked_again: Counter[str] = field(default_factory=Counter)

    async def ask(self, ask: Ask) -> httpx.Response:
        """The shop's answer, good or bad; Lost when there is none within our patience."""
        deadline = perf_counter() + self.patience.put_off
        accidents = 0
        while isinstance(answer := await self._send(ask), Setback):
            accidents += answer.answer is None
            pause = answer.pause or SHORTEST_PAUSE * 2**accidents
            if accidents == self.patience.tries or perf_counter() + pause > deadline:
                return _last_word(ask, answer)
            self.asked_again[answer.why] += 1
            await asyncio.sleep(pause)
        return answer

    async def _send(self, ask: Ask) -> httpx.Response | Setback:
        began = perf_counter()
        try:
            answer = await self.http.request(
                ask.method,
                ask.path,
                headers=dict(ask.headers),
                content=ask.body if isinstance(ask.body, bytes) else None,
                json=None if isinstance(ask.body, bytes) else ask.body,
            )
        except httpx.TimeoutException:
            return Setback("no-answer-in-time")
        except httpx.TransportError:
            return Setback("connection-lost")
        if answer.status_code in GATEWAY_TROUBLE:
            return Setback(slug(answer))
        if _puts_off(answer):
            return Setback(slug(answer), _told(answer), answer)
        self.latencies[ask.step].append(perf_counter() - began)
        return answer


def slug(answer: httpx.Response) -> str:
    """The problem's own short name, or `http-403` for an answer that carries none."""
    try:
        kind = answer.json()["type"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        kind = None
    prefix = "/problems/"
    named = isinstance(kind, str) and kind.startswith(prefix)
    return kind.removeprefix(prefix) if named else f"http-{answer.status_code}"


def _puts_off(answer: httpx.Response) -> bool:
    told_when = answer.status_code == httpx.codes.CONFLICT and "Retry-After" in answer.headers
    return told_when or answer.status_code in COME_BACK_LATER


def _told(answer: httpx.Response) -> float:
    """The seconds of Retry-After; one second where it is missing or a date."""
    told = answer.headers.get("Retry-After", "")
    return max(SHORTEST_PAUSE, float(told) if told.isdecimal() else 1.0)


def _last_word(ask: Ask, setback: Setback) -> httpx.Response:
    """A 409 still is an answer after all the waiting; anything else leaves us without one."""
    if setback.answer is not None and setback.answer.status_code == httpx.codes.CONFLICT:
        return setback.answer
    raise Lost(f"{ask.method} {ask.path} got no answer ({setback.why})")
