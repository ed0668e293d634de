"""The watch's routes: how full each queue is, what dead letters say, and their way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import msgspec

from souk.edges.routes import Access, Call, Routes
from souk.kernel import aws
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.settings import Settings, load
from souk.watch import letters
from souk.watch.wire import FiguresView, FigureView, LettersView, RedriveView

ROUTES = Routes()
AT_ONCE = 8


class NoWayBack(Conflict):
    slug = "no-way-back"
    title = "These letters came out of no queue"


class WatchSettings(Settings, frozen=True, kw_only=True):
    """`queues` is JSON: names by logical id; all URLs begin like `queue_url`, one of them.

    `dead_letters` is JSON, too: by logical id the queue that gives up into it, or null.
    """

    queues: str
    queue_url: str
    dead_letters: str


@cache
def settings() -> WatchSettings:
    return load(WatchSettings)


@cache
def urls() -> dict[str, str]:
    """Of every queue, by logical id."""
    names = msgspec.json.decode(settings().queues, type=dict[str, str])
    root = settings().queue_url.rpartition("/")[0]
    return {queue: f"{root}/{name}" for queue, name in names.items()}


@ROUTES.add("GET", "/map/figures", Access.STAFF, answer=FiguresView)
def read_figures(_call: Call) -> FiguresView:
    """Read how many messages wait in each queue, and how many are being worked on."""
    aws.sqs()  # one client, made before threads share it
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return FiguresView(items=list(pool.map(_figure, *zip(*urls().items(), strict=True))))


@ROUTES.add("GET", "/dead-letters/{queue}", Access.STAFF, answer=LettersView, refusals=(NotFound,))
def read_letters(call: Call) -> LettersView:
    """Read what some dead letters of a queue are about; they stay where they are."""
    queue, _ = _dead(call)
    return LettersView(items=letters.look(urls()[queue]))


@ROUTES.add(
    "POST",
    "/dead-letters/{queue}/redrive",
    Access.STAFF,
    answer=RedriveView,
    refusals=(NotFound, NoWayBack),
)
def redrive(call: Call) -> RedriveView:
    """Send dead letters back to the queue they came out of; many of them need another request."""
    queue, source = _dead(call)
    if source is None:
        raise NoWayBack(f"{queue} is not the dead letters of a queue")
    return RedriveView(moved=letters.send_back(urls()[queue], to=urls()[source]))


def _dead(call: Call) -> tuple[str, str | None]:
    """The queue of dead letters that is named, and the queue that gives up into it."""
    name = call.path["queue"]
    known = msgspec.json.decode(settings().dead_letters, type=dict[str, str | None])
    if name not in known:
        raise NotFound(f"there is no queue of dead letters {name}")
    return name, known[name]


def _figure(queue: str, url: str) -> FigureView:
    counted = aws.sqs().get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return FigureView(
        id=queue,
        visible=int(counted["ApproximateNumberOfMessages"]),
        in_flight=int(counted["ApproximateNumberOfMessagesNotVisible"]),
    )
