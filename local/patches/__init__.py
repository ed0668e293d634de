"""Patches of MiniStack 1.5.33: each function makes one change and documents its reason.

`tests/local/test_patches.py` names the code in MiniStack that each patch replaces, and fails when
MiniStack changes it. Import this package only after the engine's settings are in the environment:
MiniStack reads them while it is imported.
"""

from collections.abc import Callable

from local.patches import (
    durable_emails,
    durable_queues,
    durable_state,
    durable_tables,
    durable_users,
    memory,
    policies,
    queues,
    request_priority,
    responses,
    routes,
    sign_up,
    tables,
    threads,
    triggers,
    websockets,
    worker_pool,
    workers,
    workflows,
)

PATCHES: tuple[Callable[[], None], ...] = (
    policies.treat_loopback_as_secure,
    policies.make_role_credentials_secret,
    policies.provide_event_source_key,
    policies.authorize_emails_by_sender,
    policies.cache_principals,
    responses.remove_extra_headers,
    responses.cache_date_header,
    responses.use_fast_json,
    policies.cache_parsed_bodies,
    policies.deduplicate_transaction_checks,
    routes.match_routes_by_prefix,
    threads.reuse_threads,
    workers.mark_end_of_log,
    workers.keep_workers_after_exceptions,
    workers.report_exception_types,
    workers.end_workers_with_engine,
    workers.lower_worker_priority,
    worker_pool.share_function_workers,
    worker_pool.end_idle_workers,
    worker_pool.finish_calls_of_changed_functions,
    workers.unpack_code_once,
    workers.rewrite_api_endpoints,
    websockets.invoke_websocket_functions_like_others,
    workers.hide_errors_from_api_callers,
    tables.apply_time_to_live,
    tables.cache_parsed_expressions,
    queues.lock_queues,
    queues.skip_empty_queues,
    durable_tables.persist_tables,
    durable_queues.persist_queues,
    durable_emails.persist_emails,
    sign_up.verify_confirmed_emails,
    durable_users.persist_users,
    durable_state.persist_state,
    memory.discard_delivered_events,
    memory.limit_log_streams,
    triggers.handle_stream_failures_like_aws,
    triggers.pause_triggers_unless_serving,
    triggers.apply_batching_windows,
    workflows.start_executions_immediately,
    workflows.limit_concurrent_executions,
    request_priority.prioritize_requests,
    workflows.apply_retry_delays,
    workflows.discard_old_executions,
)
"""In order of application: some patches wrap a function that an earlier one replaced."""


def apply() -> None:
    """Apply all patches. Call it once, before the engine starts."""
    for patch in PATCHES:
        patch()
