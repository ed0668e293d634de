"""The definition of the checkout workflow: every wait is limited, every name exists."""

from __future__ import annotations

import builtins
import re
from typing import Any, get_args, get_type_hints

import pytest

from infra.functions import WORKER_TIMEOUT
from souk.inventory import commands as inventory
from souk.kernel import errors
from souk.kernel.commands import Command
from souk.ordering import commands as ordering
from souk.ordering import domain as ordering_domain
from souk.payment import commands as payment
from souk.payment import domain as payment_domain
from tests.workflow.machine import DEFINITION

STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
COMPENSATION = ["VoidPayment", "ReleaseStock", "RejectOrder"]
COMMAND_MODULES = {"Ordering": ordering, "Inventory": inventory, "Payment": payment}
RESULT_TYPES = {
    "IsStockReserved": inventory.Reserved,
    "IsPaymentAuthorized": payment.Authorization,
    "IsRejectionStarted": ordering.OrderOutcome,
}
"""The command result that each choice compares."""

AWS_ERROR = re.compile(r"States\.(ALL|TaskFailed|Timeout)|Lambda\.[A-Za-z]+|Sandbox\.Timedout")

each_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def payload_of(task: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = task["Parameters"]["Payload"]
    return payload


def commands_of(task: dict[str, Any]) -> Any:
    return COMMAND_MODULES[task["Parameters"]["FunctionName"].strip("${}")]


def next_states(state: dict[str, Any]) -> list[str]:
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    names = [state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)]
    return [name for name in names if name]


@each_task
def test_a_task_times_out_a_little_later_than_its_function(task: dict[str, Any]) -> None:
    timeout_seconds = WORKER_TIMEOUT.to_seconds()

    assert timeout_seconds < task["TimeoutSeconds"] < 2 * timeout_seconds


def test_the_workflow_times_out() -> None:
    assert DEFINITION["TimeoutSeconds"] == 3600


@each_task
def test_a_task_is_retried_with_exponential_backoff_and_jitter(task: dict[str, Any]) -> None:
    retriers = [retrier for retrier in task["Retry"] if retrier["MaxAttempts"]]

    assert retriers
    for retrier in retriers:
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["BackoffRate"] > 1
        assert retrier["MaxDelaySeconds"] > retrier["IntervalSeconds"] >= 1


@each_task
def test_a_permanent_error_is_caught_unless_the_task_has_no_alternative(
    task: dict[str, Any],
) -> None:
    last_retrier = task["Retry"][-1]
    caught = [name for catcher in task.get("Catch", []) for name in catcher["ErrorEquals"]]

    assert last_retrier["ErrorEquals"] == ["States.ALL"] or "States.ALL" in caught


@pytest.mark.parametrize("name", [*COMPENSATION, "ConfirmOrder", "StartRejection"])
def test_a_task_without_an_alternative_is_retried_for_half_an_hour(name: str) -> None:
    retrier = STATES[name]["Retry"][-1]
    delays = [
        min(
            retrier["MaxDelaySeconds"],
            retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt,
        )
        for attempt in range(retrier["MaxAttempts"])
    ]

    assert 1800 < sum(delays) < DEFINITION["TimeoutSeconds"]


@pytest.mark.parametrize("name", COMPENSATION)
def test_compensation_has_no_alternative(name: str) -> None:
    assert "Catch" not in STATES[name]


def test_an_unresolved_payment_is_rejected_before_the_hold_expires() -> None:
    task = STATES["AuthorizePayment"]
    caught = task["Catch"][0]["ErrorEquals"]
    retriers = [retrier for retrier in task["Retry"] if set(retrier["ErrorEquals"]) <= set(caught)]

    assert sorted(name for retrier in retriers for name in retrier["ErrorEquals"]) == sorted(caught)
    assert sum(r["MaxAttempts"] * r["MaxDelaySeconds"] for r in retriers) <= 900


def test_compensation_starts_only_after_the_orders_row_is_rejecting() -> None:
    """Either StartRejection has written it, or a command failed with RejectionStarted."""
    predecessors = {name for name, state in STATES.items() if "VoidPayment" in next_states(state)}
    errors_by_state = {
        name: catcher["ErrorEquals"]
        for name in predecessors
        for catcher in STATES[name].get("Catch", [])
        if catcher["Next"] == "VoidPayment"
    }

    assert predecessors == {"StartCheckout", "ConfirmOrder", "IsRejectionStarted"}
    assert errors_by_state == {
        "StartCheckout": ["RejectionStarted"],
        "ConfirmOrder": ["RejectionStarted"],
    }
    assert [
        name for name, state in STATES.items() if state.get("Next") == "IsRejectionStarted"
    ] == ["StartRejection"]


def test_every_state_is_reachable_and_every_next_state_exists() -> None:
    reachable = {name for state in STATES.values() for name in next_states(state)}

    assert reachable | {DEFINITION["StartAt"]} == STATES.keys()


@each_task
def test_a_task_invokes_a_command_of_its_service_with_all_fields(task: dict[str, Any]) -> None:
    payload = payload_of(task)
    command = getattr(commands_of(task), payload["command"])
    fields = {name.removesuffix(".$") for name in payload["data"]}

    assert issubclass(command, Command)
    assert {name.removesuffix(".$") for name in payload} == {
        "command",
        "correlation_id",
        "data",
    }
    assert fields == set(command.__struct_fields__)


@pytest.mark.parametrize("choice", RESULT_TYPES)
def test_a_choice_compares_with_statuses_that_its_command_can_return(choice: str) -> None:
    compared = {rule["StringEquals"] for rule in STATES[choice]["Choices"]}

    assert compared <= set(get_args(get_type_hints(RESULT_TYPES[choice])["status"]))
    assert STATES[choice]["Default"]


def test_every_choice_is_tested() -> None:
    choices = {name for name, state in STATES.items() if state["Type"] == "Choice"}

    assert choices == RESULT_TYPES.keys()


def test_the_rejection_reasons_are_those_of_the_domain() -> None:
    reasons = {
        state["Parameters"]["reason"] for state in STATES.values() if state["Type"] == "Pass"
    }

    assert reasons == set(ordering_domain.REJECTION_REASONS)


def test_every_error_name_is_an_exception_of_the_shop_or_of_aws() -> None:
    names = {
        name
        for task in TASKS.values()
        for handler in (*task["Retry"], *task.get("Catch", []))
        for name in handler["ErrorEquals"]
        if not AWS_ERROR.fullmatch(name)
    }

    modules = (errors, ordering_domain, payment_domain, builtins)
    for name in names:
        exception = next(getattr(module, name) for module in modules if hasattr(module, name))
        assert issubclass(exception, Exception)
    assert {"Busy", "PaymentPending", "RejectionStarted", "HoldExpired"} <= names


def test_the_input_of_the_workflow_is_ids_only() -> None:
    """A task reads the input's ids and results of earlier states, nothing else."""
    results = {state["ResultPath"][2:] for state in STATES.values() if state.get("ResultPath")}
    read = {
        path.split(".")[1]
        for task in TASKS.values()
        for path in re.findall(r"\$\.[a-z_.]+", str(task["Parameters"]))
    }

    assert read - results == {"order_id", "correlation_id"}
