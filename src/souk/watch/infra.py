"""The watch's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from souk.watch.handlers import ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Watch(Construct):
    """The API function, which may count what is in the queues of all rooms made before it."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Watch")
        queues = [each for each in platform.node.find_all() if isinstance(each, sqs.Queue)]
        names = {_logical_id(queue): queue.queue_name for queue in queues}
        api = platform.serve(
            self,
            handler="souk.watch.api.handler",
            routes=ROUTES,
            env={
                "QUEUES": Stack.of(self).to_json_string(names),
                "QUEUE_URL": queues[0].queue_url,
            },
        )
        for queue in queues:
            queue.grant(api, "sqs:GetQueueAttributes")


def _logical_id(queue: sqs.Queue) -> str:
    return Stack.of(queue).get_logical_id(cast("CfnElement", queue.node.default_child))
