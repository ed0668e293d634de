"""The AWS resources of the operations service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from souk.operations.handlers import ROUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.platform import Platform


class Operations(Construct):
    """API that counts the messages of all queues, and reads and redrives dead letters.

    It is created last, because it covers the queues that exist at that time.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Operations")
        queues = [each for each in platform.node.find_all() if isinstance(each, sqs.Queue)]
        sources = [queue for queue in queues if queue.dead_letter_queue]
        dead_letter_queues = [queue for queue in queues if queue not in sources]
        names = {_logical_id(queue): queue.queue_name for queue in queues}
        source_by_dead_letter_queue = {
            _dead_letter_queue_id(queue): _logical_id(queue) for queue in sources
        }
        redrivable = [
            queue
            for queue in dead_letter_queues
            if _logical_id(queue) in source_by_dead_letter_queue
        ]
        api = platform.add_api(
            self,
            handler="souk.operations.api.handler",
            routes=ROUTES,
            env={
                "QUEUES": Stack.of(self).to_json_string(names),
                "QUEUE_URL": queues[0].queue_url,
                "DEAD_LETTER_QUEUES": json.dumps(
                    {
                        queue_id: source_by_dead_letter_queue.get(queue_id)
                        for queue_id in map(_logical_id, dead_letter_queues)
                    }
                ),
            },
        )
        _allow(api, "GetQueueAttributes", queues)
        _allow(api, "ReceiveMessage", dead_letter_queues)
        _allow(api, "DeleteMessage", redrivable)
        _allow(api, "SendMessage", sources)


def _allow(api: lambda_.Function, action: str, queues: Sequence[sqs.Queue]) -> None:
    """One statement for all queues: one per queue would exceed the size limit of a policy."""
    arns = [queue.queue_arn for queue in queues]
    api.add_to_role_policy(iam.PolicyStatement(actions=[f"sqs:{action}"], resources=arns))


def _dead_letter_queue_id(queue: sqs.Queue) -> str:
    dead_letter_queue = cast("sqs.DeadLetterQueue", queue.dead_letter_queue).queue
    return _logical_id(cast("sqs.Queue", dead_letter_queue))


def _logical_id(queue: sqs.Queue) -> str:
    return Stack.of(queue).get_logical_id(cast("CfnElement", queue.node.default_child))
