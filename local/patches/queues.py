"""Queues: no message lost between threads or over a restart."""

import threading
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns, sqs

Json = dict[str, Any]


def queues_have_one_lock() -> None:
    """Upstream rebuilds a queue's list in one thread while another appends: a message is lost."""
    lock = sqs._queues_lock = threading.RLock()
    for module, names in _TOUCHING_QUEUES.items():
        for name in names:
            upstream = getattr(module, name)
            locked = _locked(lock, upstream)
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


def _locked(lock: Any, upstream: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return upstream(*args, **kwargs)

    return call


def interrupted_messages_return_at_once() -> None:
    """Upstream keeps a message hidden for the rest of its visibility timeout over a restart,
    although whoever received it is gone."""
    load = sqs.load_persisted_state

    def load_persisted_state(state: Json) -> None:
        load(state)
        for held in sqs._queues.all_values():
            for message in held["messages"]:
                if message.get("receive_count"):
                    message["visible_at"] = 0

    sqs.load_persisted_state = load_persisted_state
