"""How a workflow is deployed: as its file says, with few rights, and never failing in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import App
from constructs import Construct

from infra.platform import Platform
from infra.stages import STAGES
from infra.workflows import allow_to_start
from tests.infra.template import Json, Template, read, referred, statements

DEFINITION = '{"Ordering": "${Ordering}", "Inventory": "${Inventory}"}'


class Room(Construct):
    """A room that answers commands."""

    def __init__(self, platform: Platform, name: str) -> None:
        super().__init__(platform, name)
        self.table = platform.table(self)
        self.function = platform.answer(self, handler="none.of.ours", table=self.table)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    home = tmp_path_factory.mktemp("workflow")
    (home / "layer").mkdir()
    (home / "any.asl.json").write_text(DEFINITION)
    app = App(outdir=str(home / "out"), analytics_reporting=False)
    platform = Platform(app, "Souk-dev", stage=STAGES["dev"], layer=home / "layer")
    rooms = [Room(platform, name) for name in ("Inventory", "Payment", "Ordering")]
    machine = platform.orchestrate(
        rooms[2], "Checkout", definition=Path(home / "any.asl.json"), asks=("Ordering", "Inventory")
    )
    allow_to_start(rooms[0].function, machine)
    app.synth()
    return read(home / "out", "dev")


@pytest.fixture(scope="module")
def machine(template: Template) -> Json:
    (machine,) = template.of("StepFunctions::StateMachine").values()
    return machine


def function(template: Template, room: str) -> str:
    (name,) = (each for each in template.of("Lambda::Function") if each.startswith(f"{room}Comm"))
    return name


def test_the_definition_is_the_file_with_the_functions_put_in(
    template: Template, machine: Json
) -> None:
    substituted = machine["DefinitionSubstitutions"]

    assert machine["DefinitionString"] == DEFINITION
    assert {name: referred(arn) for name, arn in substituted.items()} == {
        room: function(template, room) for room in ("Ordering", "Inventory")
    }


def test_it_is_traced_and_logs_its_errors_without_what_orders_hold(
    template: Template, machine: Json
) -> None:
    log = machine["LoggingConfiguration"]
    (group,) = (referred(each["CloudWatchLogsLogGroup"]["LogGroupArn"])
                for each in log["Destinations"])  # fmt: skip

    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert (log["Level"], log["IncludeExecutionData"]) == ("ERROR", False)
    assert "RetentionInDays" in template.of("Logs::LogGroup")[group]
    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"


def may(template: Template, room: str, action: str) -> list[Json]:
    return [
        resource
        for statement in statements(template)
        if statement.where.startswith(room) and action in statement.said("Action")
        for resource in statement.said("Resource")
    ]


def test_it_may_call_the_functions_it_asks_and_no_others(template: Template) -> None:
    callable_ = may(template, "OrderingCheckoutRole", "lambda:InvokeFunction")

    assert {referred(arn) for arn in callable_} == {
        function(template, room) for room in ("Ordering", "Inventory")
    }


def test_who_starts_it_may_start_this_one_only(template: Template) -> None:
    (machine,) = template.of("StepFunctions::StateMachine")

    assert may(template, "InventoryCommands", "states:StartExecution") == [{"Ref": machine}]
    assert may(template, "PaymentCommands", "states:StartExecution") == []


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_an_execution_that_fails_or_never_ends_tells_somebody(
    template: Template, metric: str
) -> None:
    (alarm,) = (
        each
        for each in template.of("CloudWatch::Alarm").values()
        if each["MetricName"] == metric and each["Namespace"] == "AWS/States"
    )
    (topic,) = template.of("SNS::Topic")

    assert [referred(dimension["Value"]) for dimension in alarm["Dimensions"]] == list(
        template.of("StepFunctions::StateMachine")
    )
    assert alarm["Threshold"] == 1
    assert [referred(action) for action in alarm["AlarmActions"]] == [topic]
