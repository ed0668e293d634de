"""Queues: no message lost between threads, and no work with empty ones."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns, sqs

from local.patches.kept import journal


def queues_have_one_lock() -> None:
    """Upstream rebuilds a queue's list in one thread while another appends: a message is lost."""
    sqs._queues_lock = journal.lock
    for module, names in _TOUCHING_QUEUES.items():
        for name in names:
            upstream = getattr(module, name)
            locked = _locked(upstream)
            setattr(module, name, locked)
            for action, handler in sqs._HANDLERS.items():
                if handler is upstream:
                    sqs._HANDLERS[action] = locked


_TOUCHING_QUEUES: dict[Any, tuple[str, ...]] = {
    sqs: (
        "_act_send_message", "_act_delete_message", "_act_delete_message_batch",
        "_act_purge_queue", "_collect_msgs", "_dlq_sweep", "_expire_retained",
    ),
    eventbridge: ("_dispatch_to_sqs",),
    sns: ("_deliver_to_sqs",),
    lambda_svc: ("_route_async_failure", "_send_ddb_stream_failure_record"),
}  # fmt: skip


def _locked(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with journal.together():  # a move between queues is one record
            return upstream(*args, **kwargs)

    return call


def empty_queues_are_passed_over() -> None:
    """Upstream locks and sweeps each queue whenever its trigger looks, many times a second. Only a
    message that can be received can be expired or given up."""
    upstream = sqs._receive_messages_for_esm

    def receive(queue_url: str, size: int) -> list[dict[str, Any]]:
        now = time.time()
        if any(message["visible_at"] <= now for message in sqs._get_q(queue_url)["messages"]):
            received: list[dict[str, Any]] = upstream(queue_url, size)
            return received
        return []

    sqs._receive_messages_for_esm = receive
