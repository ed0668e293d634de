"""The checkout workflow's file: nothing waits for ever, and what it names exists."""

from __future__ import annotations

import json
import re
from typing import Any, get_args, get_type_hints

import pytest

from infra.functions import LONG
from souk.inventory import commands as inventory
from souk.kernel.commands import Command
from souk.ordering import commands as ordering
from souk.payment import commands as payment
from tests.ordering.checkout import DEFINITION, FILE

STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
UNDOING = ["VoidPayment", "ReleaseStock", "RejectOrder"]
ROOMS = {"Ordering": ordering, "Inventory": inventory, "Payment": payment}
ANSWERS = {
    "BeginCheckout": ordering.Begun,
    "ReserveStock": inventory.Reserved,
    "AuthorizePayment": payment.Authorization,
    "CommitStock": inventory.Committed,
}

tasks = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def asked(task: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = task["Arguments"]["Payload"]
    return payload


def room(task: dict[str, Any]) -> Any:
    return ROOMS[task["Arguments"]["FunctionName"].strip("${}")]


@tasks
def test_a_task_waits_longer_than_its_function_and_no_more(task: dict[str, Any]) -> None:
    assert LONG.to_seconds() < task["TimeoutSeconds"] < 2 * LONG.to_seconds()


def test_the_whole_ends_by_itself() -> None:
    assert DEFINITION["TimeoutSeconds"] == 3600


@tasks
def test_a_task_tries_again_ever_more_slowly_and_not_in_step_with_others(
    task: dict[str, Any],
) -> None:
    for retry in task["Retry"]:
        assert retry["JitterStrategy"] == "FULL"
        assert retry["BackoffRate"] > 1
        assert retry["MaxDelaySeconds"] > retry["IntervalSeconds"] >= 1
    assert task["Retry"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("name", UNDOING)
def test_what_undoes_is_tried_for_half_an_hour_and_never_given_up_for_another_way(
    name: str,
) -> None:
    (retry,) = STATES[name]["Retry"]
    delays = [
        min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt)
        for attempt in range(retry["MaxAttempts"])
    ]

    assert 1800 < sum(delays) < DEFINITION["TimeoutSeconds"]
    assert "Catch" not in STATES[name]


def test_a_payment_that_does_not_settle_is_refused_before_the_hold_lapses() -> None:
    task = STATES["AuthorizePayment"]
    caught = task["Catch"][0]["ErrorEquals"]
    waits = [retry for retry in task["Retry"] if set(retry["ErrorEquals"]) <= set(caught)]

    assert sorted(name for retry in waits for name in retry["ErrorEquals"]) == sorted(caught)
    assert sum(retry["MaxAttempts"] * retry["MaxDelaySeconds"] for retry in waits) <= 900


def test_nothing_is_undone_before_the_orders_row_says_so() -> None:
    leads_to_undoing = {
        name for name, state in STATES.items() if "VoidPayment" in json.dumps(_followers(state))
    }

    assert leads_to_undoing == {"HowDoesItStand", "IsItToBe"}
    assert {name for name, state in STATES.items() if state.get("Next") == "IsItToBe"} == {
        "ConfirmOrder",
        "RefuseOrder",
    }


def _followers(state: dict[str, Any]) -> list[str]:
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    found = [state.get("Next"), state.get("Default"), *(each["Next"] for each in branches)]
    return [name for name in found if name]


def test_every_state_is_led_to_and_leads_to_one_that_exists() -> None:
    led_to = {name for state in STATES.values() for name in _followers(state)}

    assert led_to | {DEFINITION["StartAt"]} == STATES.keys()


@tasks
def test_a_task_asks_for_a_command_of_that_room_with_its_fields(task: dict[str, Any]) -> None:
    command = getattr(room(task), asked(task)["command"])

    assert issubclass(command, Command)
    assert asked(task).keys() == {"command", "correlation_id", "data"}
    assert asked(task)["data"].keys() == set(command.__struct_fields__)


@pytest.mark.parametrize("choice", [name for name in STATES if STATES[name]["Type"] == "Choice"])
def test_a_choice_knows_all_answers_it_is_made_by(choice: str) -> None:
    answers = [
        ANSWERS[asked(task)["command"]]
        for task in TASKS.values()
        if task["Next"] == choice and asked(task)["command"] in ANSWERS
    ]
    text = json.dumps(STATES[choice])
    compared = set(re.findall(r"\$status = '([a-z]+)'", text))

    for answer in answers:
        assert compared <= set(get_args(get_type_hints(answer)["status"]))
    assert compared


def test_reasons_are_those_an_order_knows() -> None:
    named = set(re.findall(r'"reason": "([a-z-]+)"', FILE.read_text()))

    assert named == set(get_args(ordering.Reason))


def test_variables_are_assigned_before_they_are_asked_for() -> None:
    assigned = {name for state in STATES.values() for name in _assigned(state)}
    used = set(re.findall(r"\$([a-z_]+)\b(?!\()", FILE.read_text())) - {"states"}

    assert used == assigned


def _assigned(state: dict[str, Any]) -> list[str]:
    places = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return [name for place in places for name in place.get("Assign", {})]
