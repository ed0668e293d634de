"""The checkout workflow's file: nothing waits for ever, and what it names exists."""

from __future__ import annotations

import builtins
import re
from typing import Any, get_args, get_type_hints

import pytest

from infra.functions import LONG
from souk.inventory import commands as inventory
from souk.kernel import errors
from souk.kernel.commands import Command
from souk.ordering import commands as ordering
from souk.ordering import domain as orders
from souk.payment import commands as payment
from souk.payment import domain as payments
from tests.workflow.machine import DEFINITION

STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
UNDOING = ["VoidPayment", "ReleaseStock", "RejectOrder"]
ROOMS = {"Ordering": ordering, "Inventory": inventory, "Payment": payment}
ANSWERS = {
    "IsReserved": inventory.Reserved,
    "IsAuthorized": payment.Authorization,
    "IsRefused": ordering.Stands,
}
OF_AWS = re.compile(r"States\.(ALL|TaskFailed|Timeout)|Lambda\.[A-Za-z]+|Sandbox\.Timedout")

tasks = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def asked(task: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = task["Parameters"]["Payload"]
    return payload


def room(task: dict[str, Any]) -> Any:
    return ROOMS[task["Parameters"]["FunctionName"].strip("${}")]


def followers(state: dict[str, Any]) -> list[str]:
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    found = [state.get("Next"), state.get("Default"), *(each["Next"] for each in branches)]
    return [name for name in found if name]


@tasks
def test_a_task_waits_longer_than_its_function_and_no_more(task: dict[str, Any]) -> None:
    assert LONG.to_seconds() < task["TimeoutSeconds"] < 2 * LONG.to_seconds()


def test_the_whole_ends_by_itself() -> None:
    assert DEFINITION["TimeoutSeconds"] == 3600


@tasks
def test_a_task_tries_again_ever_more_slowly_and_not_in_step_with_others(
    task: dict[str, Any],
) -> None:
    tried = [retry for retry in task["Retry"] if retry["MaxAttempts"]]

    assert tried
    for retry in tried:
        assert retry["JitterStrategy"] == "FULL"
        assert retry["BackoffRate"] > 1
        assert retry["MaxDelaySeconds"] > retry["IntervalSeconds"] >= 1


@tasks
def test_a_task_that_fails_for_good_is_caught_unless_it_must_be_done(task: dict[str, Any]) -> None:
    last = task["Retry"][-1]
    caught = [name for catch in task.get("Catch", []) for name in catch["ErrorEquals"]]

    assert last["ErrorEquals"] == ["States.ALL"] or "States.ALL" in caught


@pytest.mark.parametrize("name", [*UNDOING, "ConfirmOrder", "RefuseOrder"])
def test_what_must_be_done_is_tried_for_half_an_hour_before_a_person_is_called(name: str) -> None:
    retry = STATES[name]["Retry"][-1]
    delays = [
        min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt)
        for attempt in range(retry["MaxAttempts"])
    ]

    assert 1800 < sum(delays) < DEFINITION["TimeoutSeconds"]


@pytest.mark.parametrize("name", UNDOING)
def test_what_undoes_is_never_given_up_for_another_way(name: str) -> None:
    assert "Catch" not in STATES[name]


def test_a_payment_that_does_not_settle_is_refused_before_the_hold_lapses() -> None:
    task = STATES["AuthorizePayment"]
    caught = task["Catch"][0]["ErrorEquals"]
    waits = [retry for retry in task["Retry"] if set(retry["ErrorEquals"]) <= set(caught)]

    assert sorted(name for retry in waits for name in retry["ErrorEquals"]) == sorted(caught)
    assert sum(retry["MaxAttempts"] * retry["MaxDelaySeconds"] for retry in waits) <= 900


def test_nothing_is_undone_before_the_orders_row_says_so() -> None:
    """Who leads there: the refusal that was written, and steps told `OrderRefused` by the row."""
    leads_there = {name for name, state in STATES.items() if "VoidPayment" in followers(state)}
    by_error = {
        name: catch["ErrorEquals"]
        for name in leads_there
        for catch in STATES[name].get("Catch", [])
        if catch["Next"] == "VoidPayment"
    }

    assert leads_there == {"Begin", "ConfirmOrder", "IsRefused"}
    assert by_error == {"Begin": ["OrderRefused"], "ConfirmOrder": ["OrderRefused"]}
    assert [name for name, it in STATES.items() if it.get("Next") == "IsRefused"] == ["RefuseOrder"]


def test_every_state_is_led_to_and_leads_to_one_that_exists() -> None:
    led_to = {name for state in STATES.values() for name in followers(state)}

    assert led_to | {DEFINITION["StartAt"]} == STATES.keys()


@tasks
def test_a_task_asks_for_a_command_of_that_room_with_its_fields(task: dict[str, Any]) -> None:
    command = getattr(room(task), asked(task)["command"])
    given = {name.removesuffix(".$") for name in asked(task)["data"]}

    assert issubclass(command, Command)
    assert {name.removesuffix(".$") for name in asked(task)} == {
        "command",
        "correlation_id",
        "data",
    }
    assert given == set(command.__struct_fields__)


@pytest.mark.parametrize("choice", ANSWERS)
def test_a_choice_asks_for_answers_its_command_can_give(choice: str) -> None:
    compared = {each["StringEquals"] for each in STATES[choice]["Choices"]}

    assert compared <= set(get_args(get_type_hints(ANSWERS[choice])["status"]))
    assert STATES[choice]["Default"]


def test_every_choice_is_looked_at() -> None:
    assert {name for name, it in STATES.items() if it["Type"] == "Choice"} == ANSWERS.keys()


def test_reasons_are_those_an_order_knows() -> None:
    named = {it["Parameters"]["reason"] for it in STATES.values() if it["Type"] == "Pass"}

    assert named == set(orders.REASONS)


def test_errors_it_names_are_exceptions_of_ours_or_of_aws() -> None:
    named = {
        name
        for task in TASKS.values()
        for handled in (*task["Retry"], *task.get("Catch", []))
        for name in handled["ErrorEquals"]
        if not OF_AWS.fullmatch(name)
    }

    places = (errors, orders, payments, builtins)
    for name in named:
        kind = next(getattr(place, name) for place in places if hasattr(place, name))
        assert issubclass(kind, Exception)
    assert {"Busy", "PaymentPending", "OrderRefused", "StockLapsed"} <= named


def test_its_input_is_ids_alone() -> None:
    """What a task reads of the state is an id, or was put there by a step before."""
    put = {it["ResultPath"][2:] for it in STATES.values() if it.get("ResultPath")}
    read = {
        path.split(".")[1]
        for task in TASKS.values()
        for path in re.findall(r"\$\.[a-z_.]+", str(task["Parameters"]))
    }

    assert read - put == {"order_id", "correlation_id"}
