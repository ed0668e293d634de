"""The operations routes: queue depths, and dead-letter queues to read and redrive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import msgspec

from souk.kernel import aws
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.settings import Settings, load
from souk.operations import dead_letters
from souk.operations.schemas import (
    DeadLetterList,
    QueueDepthList,
    QueueDepthView,
    RedriveResponse,
)
from souk.runtime.routes import Access, Request, Routes

ROUTES = Routes()
MAX_CONCURRENT_CALLS = 8


class RedriveNotSupported(Conflict):
    """The messages did not come from a queue, so there is no queue to redrive them to."""

    slug = "redrive-not-supported"
    title = "Redrive not supported"


class OperationsSettings(Settings, frozen=True, kw_only=True):
    """Two fields are JSON objects with logical ids of queues as keys.

    `queues`: the queue's name. `dead_letter_queues`: the logical id of the dead-letter queue's
    source queue, or null. `queue_url` is the URL of any one queue; the others differ in the name.
    """

    queues: str
    queue_url: str
    dead_letter_queues: str


@cache
def settings() -> OperationsSettings:
    return load(OperationsSettings)


@cache
def queue_urls() -> dict[str, str]:
    """The URL of every queue, by logical id."""
    names = msgspec.json.decode(settings().queues, type=dict[str, str])
    root = settings().queue_url.rpartition("/")[0]
    return {queue: f"{root}/{name}" for queue, name in names.items()}


@ROUTES.add("GET", "/queues", Access.STAFF, response=QueueDepthList)
def list_queue_depths(_request: Request) -> QueueDepthList:
    """List how many messages each queue holds, visible and in flight."""
    aws.sqs()  # creates the client before threads share it
    ids, urls = zip(*queue_urls().items(), strict=True)
    with ThreadPoolExecutor(MAX_CONCURRENT_CALLS) as pool:
        return QueueDepthList(items=list(pool.map(_queue_depth, ids, urls)))


@ROUTES.add(
    "GET", "/dead-letters/{queue}", Access.STAFF, response=DeadLetterList, errors=(NotFound,)
)
def list_dead_letters(request: Request) -> DeadLetterList:
    """List up to ten messages of a dead-letter queue. They stay in the queue."""
    queue, _ = _dead_letter_queue(request)
    return DeadLetterList(items=dead_letters.peek(queue_urls()[queue]))


@ROUTES.add(
    "POST",
    "/dead-letters/{queue}/redrive",
    Access.STAFF,
    response=RedriveResponse,
    errors=(NotFound, RedriveNotSupported),
)
def redrive(request: Request) -> RedriveResponse:
    """Move up to 100 messages of a dead-letter queue back to their source queue."""
    queue, source = _dead_letter_queue(request)
    if source is None:
        raise RedriveNotSupported(
            f"{queue} has no source queue. Fix the cause and delete its messages."
        )
    urls = queue_urls()
    return RedriveResponse(moved=dead_letters.redrive(urls[queue], destination_url=urls[source]))


def _dead_letter_queue(request: Request) -> tuple[str, str | None]:
    """Logical ids of the requested dead-letter queue and of its source queue, if it has one."""
    queue = request.path["queue"]
    sources = msgspec.json.decode(settings().dead_letter_queues, type=dict[str, str | None])
    if queue not in sources:
        raise NotFound(f"There is no dead-letter queue {queue}.")
    return queue, sources[queue]


def _queue_depth(queue: str, url: str) -> QueueDepthView:
    attributes = aws.sqs().get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return QueueDepthView(
        id=queue,
        visible=int(attributes["ApproximateNumberOfMessages"]),
        in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )
