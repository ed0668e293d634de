"""SQS queues: thread safety, and no work for empty ones."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns, sqs

from local.patches.wal import wal


def lock_queues() -> None:
    """MiniStack rebuilds a queue's list in one thread while another thread appends to it, which
    loses a message; SQS loses none.

    All functions that change a queue now hold the lock of the write-ahead log. A move from one
    queue to another is one record.
    """
    sqs._queues_lock = wal.lock
    for module, names in _QUEUE_FUNCTIONS.items():
        for name in names:
            upstream = getattr(module, name)
            locked = _locked(upstream)
            setattr(module, name, locked)
            for action, handler in sqs._HANDLERS.items():
                if handler is upstream:
                    sqs._HANDLERS[action] = locked


_QUEUE_FUNCTIONS: dict[Any, tuple[str, ...]] = {
    sqs: (
        "_act_send_message", "_act_delete_message", "_act_delete_message_batch",
        "_act_purge_queue", "_collect_msgs", "_dlq_sweep", "_expire_retained",
    ),
    eventbridge: ("_dispatch_to_sqs",),
    sns: ("_deliver_to_sqs",),
    lambda_svc: ("_route_async_failure", "_send_ddb_stream_failure_record"),
}  # fmt: skip
"""The functions that change a queue, by module."""


def _locked(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with wal.atomic():
            return upstream(*args, **kwargs)

    return call


def skip_empty_queues() -> None:
    """MiniStack locks and sweeps a queue each time its trigger polls it, many times a second.

    A queue without a visible message is now skipped: only a visible message can be received,
    expire or move to the dead-letter queue.
    """
    upstream = sqs._receive_messages_for_esm

    def receive(queue_url: str, max_number: int) -> list[dict[str, Any]]:
        now = time.time()
        if any(message["visible_at"] <= now for message in sqs._get_q(queue_url)["messages"]):
            messages: list[dict[str, Any]] = upstream(queue_url, max_number)
            return messages
        return []

    sqs._receive_messages_for_esm = receive
