"""`./souk up --watch` on a copy of the whole project: saved files are deployed."""

import itertools
import time
from collections.abc import Iterator

import pytest

from bench import imports
from bench.watch import (
    API,
    DEPLOYED,
    PLATFORM,
    ROOT,
    VERSION_CODE,
    WatchedProject,
    platform_with_schedule,
    watched_project,
)
from infra import synth
from local import demo_users
from local.shop import Shop

pytestmark = pytest.mark.cloud
HANDLERS, CONSUMER = "src/souk/catalog/handlers.py", "src/souk/ordering/consumer.py"
DONE = "template|keeps running as before"  # the last output after a save
KEPT_RUNNING = "The shop keeps running as before."
SCHEDULE_MINUTES = itertools.count(6)
GREETING = '''
@ROUTES.add("GET", "/greeting", Access.PUBLIC, response=CategoryList)
def greet(_request: Request) -> CategoryList:
    """Greet."""
    return CategoryList([])
'''
UNKNOWN_TYPE = """
from aws_cdk import CfnResource
class Edge(Edge):
    def __init__(self, scope, name, **rest):
        super().__init__(scope, name, **rest)
        CfnResource(self, "Odd", type="AWS::Nothing::There")
"""


@pytest.fixture(scope="module", name="watched")
def watched_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedProject]:
    synth.synthesize(print)
    with watched_project(tmp_path_factory.mktemp("watched")) as watched:
        yield watched
    assert watched.up.returncode == 130
    assert Shop(watched.state).find_running() is None
    assert "Traceback" not in watched.output.read_text()


@pytest.fixture(autouse=True)
def restore_files(watched: WatchedProject) -> Iterator[None]:
    """After each test, the shop has the code and the template of the project again."""
    yield
    for file in (API, CONSUMER, HANDLERS, PLATFORM):
        if (watched.project / file).read_text() != (ROOT / file).read_text():
            position = watched.output_position()
            watched.restore(file)
            watched.wait_for_output(DONE, position)
    watched.wait_for_version(None, time.monotonic())


def changed_platform() -> str:
    """The platform with a schedule that it never had before."""
    return platform_with_schedule(next(SCHEDULE_MINUTES))


def import_seconds() -> float:
    """The time to import a function in a new process: the unit of the limits below.

    It is a quarter of a second on a machine where the targets of `./souk bench`, two and fifteen
    seconds, are met.
    """
    started = time.monotonic()
    imports.print_import_times("souk.ordering.consumer", str(imports.SRC))
    return time.monotonic() - started


def test_a_changed_handler_is_live_quickly(watched: WatchedProject) -> None:
    durations = []
    for version in ("first", "second", "third"):
        saved_at = watched.append(API, VERSION_CODE.format(version))
        durations.append(watched.wait_for_version(version, saved_at) / import_seconds())

    assert min(durations) < 8, durations


def test_broken_code_is_reported_once_and_the_previous_code_keeps_running(
    watched: WatchedProject,
) -> None:
    position = watched.output_position()

    watched.append(API, "def broken(:\n")
    output = watched.wait_for_output(KEPT_RUNNING, position)

    assert "Not deployed: src/souk/catalog/api.py, line " in output
    assert "SyntaxError" in output
    assert output.count("Not deployed") == 1
    assert watched.version() is None

    watched.restore(API)
    saved_at = watched.append(API, VERSION_CODE.format("repaired"))
    assert watched.wait_for_version("repaired", saved_at)


def test_a_consumer_that_cannot_start_is_not_deployed(watched: WatchedProject) -> None:
    position = watched.output_position()

    watched.append(CONSUMER, "\nimport missing_module\n")
    output = watched.wait_for_output(KEPT_RUNNING, position)

    assert f"{CONSUMER}, line " in output
    assert "ModuleNotFoundError: No module named 'missing_module'" in output


def test_a_changed_construct_is_deployed_and_all_data_is_kept(watched: WatchedProject) -> None:
    running = Shop(watched.state).find_running()
    assert running is not None
    product = {
        "sku": "KEPT-1", "name": "Kept", "description": "", "category": "Tests",
        "price": {"amount": 100, "currency": "GBP"}, "weight_grams": 1,
    }  # fmt: skip
    token = demo_users.sign_in(running, "sam")
    created = watched.send("POST", "/api/staff/products", product, Authorization=f"Bearer {token}")
    assert created[0] == 201, created
    position = watched.output_position()

    saved_at = watched.save(PLATFORM, changed_platform())
    watched.wait_for_output(DEPLOYED, position)
    duration = (time.monotonic() - saved_at) / import_seconds()

    assert duration < 45
    rules = running.session().client("events").list_rules()["Rules"]
    assert "rate(5 minutes)" not in {rule.get("ScheduleExpression") for rule in rules}
    assert watched.get("/api/products/KEPT-1")[0] == 200


def test_a_route_saved_with_its_handler_is_added_to_the_template(watched: WatchedProject) -> None:
    assert watched.get("/api/greeting")[0] == 404
    position = watched.output_position()

    watched.append(HANDLERS, GREETING)
    watched.wait_for_output(DEPLOYED, position)

    assert watched.get("/api/greeting")[0] == 200
    assert "/api/greeting" in watched.get("/api/openapi.json")[2]["paths"]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [("\nnonsense\n", "infra/platform.py, line "), (UNKNOWN_TYPE, "AWS::Nothing::There")],
    ids=["not synthesized", "not deployed"],
)
def test_an_invalid_template_is_reported_once_and_the_previous_one_stays(
    watched: WatchedProject, mistake: str, message: str
) -> None:
    position = watched.output_position()

    watched.append(PLATFORM, mistake)
    output = watched.wait_for_output(KEPT_RUNNING, position)

    assert message in output
    assert output.count("Not deployed") == 1
    assert watched.version() is None
    position = watched.output_position()
    watched.save(PLATFORM, changed_platform())
    watched.wait_for_output(DEPLOYED, position)


def test_code_that_needs_a_changed_template_is_deployed_with_it(watched: WatchedProject) -> None:
    position = watched.output_position()
    platform = (ROOT / PLATFORM).read_text()

    with_variable = platform.replace('{"TABLE_NAME"', '{"GIVEN": "together", "TABLE_NAME"', 1)
    watched.save(PLATFORM, with_variable)
    watched.append(API, "import os\nGIVEN = os.environ['GIVEN']" + VERSION_CODE.format("{GIVEN}"))
    output = watched.wait_for_output(DEPLOYED, position)

    assert watched.version() == "together"
    assert "Not deployed" not in output


def test_code_whose_template_is_invalid_is_rolled_back(watched: WatchedProject) -> None:
    position = watched.output_position()

    watched.append(API, VERSION_CODE.format("too early"))
    watched.append(PLATFORM, "\nnonsense\n")
    watched.wait_for_output(KEPT_RUNNING, position)

    assert watched.version() is None
