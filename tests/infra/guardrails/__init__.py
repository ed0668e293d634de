"""The guardrails: rules for every template. A rule yields one line per violation.

Each line starts with the logical id of the offending resource. test_guardrails.py shows that each
rule detects its violations, on templates broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.guardrails import access, data, functions, messaging
from tests.infra.template import Template

Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = [
    messaging.a_queue_has_a_dead_letter_queue_or_is_one,
    messaging.a_rule_target_has_a_dead_letter_queue,
    messaging.a_rule_may_send_to_its_queues,
    messaging.a_stream_trigger_has_a_dead_letter_queue,
    messaging.a_trigger_reports_each_failed_record,
    messaging.a_visibility_timeout_is_six_function_timeouts,
    messaging.a_dead_letter_queue_has_one_alarm,
    messaging.an_alarm_notifies_a_topic,
    messaging.the_archive_contains_all_events,
    functions.a_function_has_a_log_with_a_retention,
    functions.a_function_has_an_explicit_timeout_and_memory,
    functions.a_function_starts_no_trace,
    functions.a_function_runs_on_the_newest_python_and_arm64,
    functions.a_function_has_a_role_of_its_own,
    access.no_policy_allows_all_actions,
    access.no_policy_allows_all_resources,
    access.nothing_allows_everybody,
    access.a_function_permission_names_its_source,
    access.a_service_publishes_only_its_own_events,
    data.a_bucket_is_private,
    access.a_route_needs_sign_in_unless_it_is_public,
    access.the_access_log_has_no_personal_data,
    data.a_table_is_on_demand_and_recoverable,
    data.only_prod_protects_its_tables,
    data.only_prod_retains_its_data,
    data.the_stack_is_below_the_resource_limit,
]
