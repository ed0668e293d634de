"""The guardrails: what must hold in every template. A rule yields a line per offender.

Each line begins with the offender's logical id. That every rule bites is shown in
test_guardrails.py, on templates that are broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.guardrails import access, data, delivery, functions
from tests.infra.template import Template

Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = [
    delivery.a_queue_has_a_dead_letter_queue_or_is_one,
    delivery.a_rule_target_has_a_dead_letter_queue,
    delivery.a_rule_may_write_to_its_queues,
    delivery.a_stream_trigger_gives_up_into_a_dead_letter_queue,
    delivery.a_trigger_reports_each_failed_record,
    delivery.a_message_stays_hidden_for_six_timeouts,
    delivery.a_dead_letter_queue_has_one_alarm,
    delivery.an_alarm_reaches_a_topic,
    delivery.the_archive_keeps_every_fact,
    functions.a_function_has_a_log_that_ends,
    functions.a_function_states_time_and_memory,
    functions.a_function_begins_no_trace,
    functions.a_function_runs_on_the_newest_python_and_arm64,
    functions.a_function_has_a_role_of_its_own,
    access.nobody_may_do_anything,
    access.nobody_may_reach_everything,
    access.nothing_is_open_to_everybody,
    access.a_function_is_called_by_one_source,
    access.a_room_speaks_for_itself,
    data.a_bucket_is_private,
    access.a_route_asks_for_sign_in_unless_it_is_open,
    access.the_api_logs_no_address,
    data.a_table_is_on_demand_and_recoverable,
    data.only_prod_protects_its_tables,
    data.only_prod_keeps_what_it_holds,
    data.the_stack_has_room_to_grow,
]
