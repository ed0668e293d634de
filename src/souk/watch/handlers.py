"""The watch's one route: how full each queue is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import msgspec

from souk.edges.routes import Access, Call, Routes
from souk.kernel import aws
from souk.kernel.settings import Settings, load
from souk.watch.wire import FiguresView, FigureView

ROUTES = Routes()
AT_ONCE = 8


class WatchSettings(Settings, frozen=True, kw_only=True):
    """`queues` is JSON: names by logical id; all URLs begin like `queue_url`, one of them."""

    queues: str
    queue_url: str


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
