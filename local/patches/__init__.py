"""What the shop needs of MiniStack 1.5.33 and upstream does not do: one function, one reason each.

Import this only after the engine's settings are in the environment: the engine reads
them while it is imported.
"""

from collections.abc import Callable

from local.patches import (
    answers,
    kept_mails,
    kept_people,
    kept_queues,
    kept_state,
    kept_tables,
    memory,
    policies,
    pool,
    queues,
    requests,
    routes,
    sockets,
    tables,
    threads,
    triggers,
    verified,
    workers,
    workflows,
)

PATCHES: tuple[Callable[[], None], ...] = (
    policies.loopback_counts_as_private,
    policies.policies_see_who_speaks,
    policies.mails_name_their_sender,
    policies.callers_are_looked_up_once,
    answers.answers_have_the_headers_of_aws,
    answers.a_second_is_written_once,
    answers.json_is_quick,
    policies.bodies_are_read_once,
    policies.rights_are_asked_for_once,
    routes.routes_are_found_by_their_beginning,
    threads.threads_are_used_again,
    workers.logs_end_with_a_mark,
    workers.exceptions_leave_the_worker_alive,
    workers.failures_keep_their_name,
    workers.workers_end_with_the_engine,
    workers.workers_give_way,
    pool.functions_share_few_workers,
    pool.idle_workers_end,
    pool.changed_functions_finish_their_calls,
    workers.code_is_unpacked_once,
    workers.functions_find_apis_here,
    sockets.connections_are_calls_like_others,
    workers.failures_are_not_told_to_callers,
    tables.tables_expire_their_items,
    tables.expressions_are_parsed_once,
    queues.queues_have_one_lock,
    queues.empty_queues_are_passed_over,
    kept_tables.tables_are_journaled,
    kept_queues.queues_are_journaled,
    kept_mails.mails_are_kept,
    verified.confirmed_addresses_are_verified,
    kept_people.people_are_journaled,
    kept_state.everything_is_journaled,
    memory.events_are_not_hoarded,
    memory.logs_are_bounded,
    triggers.stream_triggers_fail_like_aws,
    triggers.triggers_rest_unless_serving,
    triggers.batches_are_gathered,
    workflows.executions_begin_at_once,
    workflows.executions_take_turns,
    requests.customers_go_first,
    workflows.retries_wait_as_written,
    workflows.old_executions_are_forgotten,
)


def apply() -> None:
    """Close every gap; call it once, before the engine starts."""
    for patch in PATCHES:
        patch()
