"""The watch's resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from souk.watch.handlers import ROUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.platform import Platform


class Watch(Construct):
    """The API function, which may count what is in the queues of all rooms made before it, read
    their dead letters, and send these back to the queues they came out of."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Watch")
        queues = [each for each in platform.node.find_all() if isinstance(each, sqs.Queue)]
        inboxes = [queue for queue in queues if queue.dead_letter_queue]
        dead = [queue for queue in queues if queue not in inboxes]
        names = {_logical_id(queue): queue.queue_name for queue in queues}
        left = {_gives_up_into(queue): _logical_id(queue) for queue in inboxes}
        api = platform.serve(
            self,
            handler="souk.watch.api.handler",
            routes=ROUTES,
            env={
                "QUEUES": Stack.of(self).to_json_string(names),
                "QUEUE_URL": queues[0].queue_url,
                "DEAD_LETTERS": json.dumps(
                    {name: left.get(name) for name in map(_logical_id, dead)}
                ),
            },
        )
        _allow(api, "GetQueueAttributes", queues)
        _allow(api, "ReceiveMessage", dead)
        _allow(api, "DeleteMessage", [queue for queue in dead if _logical_id(queue) in left])
        _allow(api, "SendMessage", inboxes)


def _allow(api: lambda_.Function, action: str, queues: Sequence[sqs.Queue]) -> None:
    """One statement for all: a statement each is more than a role's own policy holds."""
    arns = [queue.queue_arn for queue in queues]
    api.add_to_role_policy(iam.PolicyStatement(actions=[f"sqs:{action}"], resources=arns))


def _gives_up_into(queue: sqs.Queue) -> str:
    dead = cast("sqs.DeadLetterQueue", queue.dead_letter_queue).queue
    return _logical_id(cast("sqs.Queue", dead))


def _logical_id(queue: sqs.Queue) -> str:
    return Stack.of(queue).get_logical_id(cast("CfnElement", queue.node.default_child))
