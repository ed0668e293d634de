"""What the shop needs of MiniStack 1.5.33 and upstream does not do: one function, one reason each.

Import this only after the engine's settings are in the environment: the engine reads
them while it is imported.
"""

from collections.abc import Callable

from local.patches import policies, queues, tables, triggers, workers, workflows

PATCHES: tuple[Callable[[], None], ...] = (
    policies.loopback_counts_as_private,
    policies.policies_see_who_speaks,
    workers.logs_end_with_a_mark,
    workers.exceptions_leave_the_worker_alive,
    workers.functions_share_few_workers,
    workers.layers_are_unpacked_once,
    workers.failures_are_not_told_to_callers,
    tables.tables_expire_their_items,
    tables.expressions_are_parsed_once,
    queues.queues_have_one_lock,
    tables.streams_survive_a_restart,
    queues.interrupted_messages_return_at_once,
    triggers.stream_triggers_fail_like_aws,
    triggers.triggers_rest_unless_serving,
    workflows.failures_keep_their_names,
    workflows.executions_begin_at_once,
    workflows.a_running_execution_is_started_again_in_vain,
    workflows.executions_take_turns,
    workflows.retries_wait_as_written,
    workflows.old_executions_are_forgotten,
)


def apply() -> None:
    """Close every gap; call it once, before the engine starts."""
    for patch in PATCHES:
        patch()
