"""`./souk up --watch` on a copy of the whole project: files are saved, the shop follows."""

import itertools
import time
from collections.abc import Iterator

import pytest

from bench import imports
from bench.watching import (
    API,
    DEPLOYED,
    PLATFORM,
    ROOT,
    VERSION,
    Followed,
    another_platform,
    followed,
)
from infra import synth
from local import people
from local.shop import Shop

HANDLERS, CONSUMER = "src/souk/catalog/handlers.py", "src/souk/ordering/consumer.py"
SETTLED = "template|goes on as it was"  # nothing more follows
MINUTES = itertools.count(6)
GREETING = '''
@ROUTES.add("GET", "/greeting", Access.PUBLIC, answer=CategoryList)
def greet(_call: Call) -> CategoryList:
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


@pytest.fixture(scope="module", name="it")
def shop_that_follows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    synth.synthesize(print)
    with followed(tmp_path_factory.mktemp("followed")) as it:
        yield it
    assert it.up.returncode == 130
    assert Shop(it.state).running() is None
    assert "Traceback" not in it.said.read_text()


@pytest.fixture(autouse=True)
def as_it_was(it: Followed) -> Iterator[None]:
    """Each test leaves a shop that is, code and template, what the project is."""
    yield
    for file in (API, CONSUMER, HANDLERS, PLATFORM):
        if (it.project / file).read_text() != (ROOT / file).read_text():
            mark = it.mark()
            it.restore(file)
            it.hear(SETTLED, mark)
    it.seconds_until_version(None, time.monotonic())


def changed_platform() -> str:
    """With a schedule it never had before."""
    return another_platform(next(MINUTES))


def seconds_to_start() -> float:
    """What a function's imports take now, in a process of their own: a quarter of a second where
    the promises, two and fifteen seconds, are kept. `./souk bench` measures the seconds."""
    began = time.monotonic()
    imports.printed("souk.ordering.consumer", str(imports.SRC))
    return time.monotonic() - began


def test_a_changed_handler_answers_soon(it: Followed) -> None:
    taken = []
    for version in ("first", "second", "third"):
        saved = it.append(API, VERSION.format(version))
        taken.append(it.seconds_until_version(version, saved) / seconds_to_start())

    assert min(taken) < 8, taken


def test_broken_code_is_told_once_and_the_old_goes_on(it: Followed) -> None:
    mark = it.mark()

    it.append(API, "def broken(:\n")
    heard = it.hear("The shop goes on as it was.", mark)

    assert "Not taken over: src/souk/catalog/api.py, line " in heard
    assert "SyntaxError" in heard
    assert heard.count("Not taken over") == 1
    assert it.version() is None

    it.restore(API)
    saved = it.append(API, VERSION.format("mended"))
    assert it.seconds_until_version("mended", saved)


def test_a_consumer_that_could_not_start_replaces_nothing(it: Followed) -> None:
    mark = it.mark()

    it.append(CONSUMER, "\nimport nothing_there\n")
    heard = it.hear("The shop goes on as it was.", mark)

    assert f"{CONSUMER}, line " in heard
    assert "ModuleNotFoundError: No module named 'nothing_there'" in heard


def test_a_changed_construct_is_deployed_with_all_data_kept(it: Followed) -> None:
    running = Shop(it.state).running()
    assert running is not None
    product = {
        "sku": "KEPT-1", "name": "Kept", "description": "", "category": "things",
        "price": {"amount": 100, "currency": "GBP"}, "weight_grams": 1,
    }  # fmt: skip
    token = people.token(running, "sam")
    made = it.call(
        "POST", "/api/staff/products", product, Authorization=f"Bearer {token}"
    )  # fmt: skip
    assert made[0] == 201, made
    mark = it.mark()

    saved = it.save(PLATFORM, changed_platform())
    it.hear(DEPLOYED, mark)
    taken = (time.monotonic() - saved) / seconds_to_start()

    assert taken < 45
    rules = running.session().client("events").list_rules()["Rules"]
    assert "rate(5 minutes)" not in {rule.get("ScheduleExpression") for rule in rules}
    assert it.get("/api/products/KEPT-1")[0] == 200


def test_a_route_saved_with_its_handler_reaches_the_template(it: Followed) -> None:
    assert it.get("/api/greeting")[0] == 404
    mark = it.mark()

    it.append(HANDLERS, GREETING)
    it.hear(DEPLOYED, mark)

    assert it.get("/api/greeting")[0] == 200
    assert "/api/greeting" in it.get("/api/openapi.json")[2]["paths"]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [("\nnonsense\n", "infra/platform.py, line "), (UNKNOWN_TYPE, "AWS::Nothing::There")],
    ids=["not synthesized", "not deployed"],
)
def test_a_refused_template_is_told_once_and_the_old_goes_on(
    it: Followed, mistake: str, told: str
) -> None:
    mark = it.mark()

    it.append(PLATFORM, mistake)
    heard = it.hear("The shop goes on as it was.", mark)

    assert told in heard
    assert heard.count("Not taken over") == 1
    assert it.version() is None
    mark = it.mark()
    it.save(PLATFORM, changed_platform())
    it.hear(DEPLOYED, mark)


def test_code_that_needs_a_changed_template_waits_for_it(it: Followed) -> None:
    mark = it.mark()
    platform = (ROOT / PLATFORM).read_text()

    given = platform.replace('{"TABLE_NAME"', '{"GIVEN": "together", "TABLE_NAME"', 1)
    it.save(PLATFORM, given)
    it.append(API, "import os\nGIVEN = os.environ['GIVEN']" + VERSION.format("{GIVEN}"))
    heard = it.hear(DEPLOYED, mark)

    assert it.version() == "together"
    assert "Not taken over" not in heard


def test_code_whose_template_is_refused_is_taken_back(it: Followed) -> None:
    mark = it.mark()

    it.append(API, VERSION.format("too early"))
    it.append(PLATFORM, "\nnonsense\n")
    it.hear("The shop goes on as it was.", mark)

    assert it.version() is None
