"""The import rules hold, and each of them would be noticed if it were broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)

# Who is made to import what, and how the rule that forbids it is called.
FORBIDDEN = [
    ("src/souk/ordering/domain.py", "souk.ordering.usecases", "Inside a room"),
    ("src/souk/ordering/usecases.py", "souk.ordering.store", "Inside a room"),
    ("src/souk/ordering/events.py", "souk.ordering.domain", "Inside a room"),
    ("src/souk/ordering/handlers.py", "souk.ordering.infra", "Inside a room"),
    ("src/souk/ordering/wire.py", "souk.ordering.usecases", "Inside a room"),
    ("src/souk/ordering/usecases.py", "souk.basket.events", "Only handlers and infra of a room"),
    ("src/souk/ordering/domain.py", "souk.catalog.events", "Only handlers and infra of a room"),
    ("src/souk/basket/handlers.py", "souk.catalog.store", "Of catalog others know its events"),
    ("src/souk/ordering/handlers.py", "souk.basket.domain", "Of basket others know its events"),
    ("src/souk/basket/handlers.py", "souk.inventory.domain", "Of inventory others know"),
    ("cli/main.py", "souk.ordering.store", "Of ordering others know its events"),
    ("src/souk/kernel/money.py", "souk.catalog.events", "What rooms share knows no room"),
    ("src/souk/inventory/events.py", "souk.inventory.commands", "Inside a room"),
    ("src/souk/edges/relay.py", "souk.basket.events", "What rooms share knows no room"),
    ("src/souk/kernel/outbox.py", "souk.edges.relay", "Behind the edges nobody knows"),
    ("src/souk/ordering/store.py", "souk.edges.routes", "Behind the edges nobody knows"),
    ("src/souk/basket/domain.py", "boto3", "What the shop decides knows no AWS"),
    ("src/souk/basket/usecases.py", "aws_lambda_powertools", "What the shop decides knows no AWS"),
    ("src/souk/basket/events.py", "aws_cdk", "What the shop decides knows no AWS"),
    ("src/souk/catalog/handlers.py", "infra.stages", "Only infra imports infra"),
    ("local/people.py", "souk.catalog.infra", "Only infra imports infra"),
    ("src/souk/basket/store.py", "local.shop", "The shop knows neither the local cloud"),
    ("local/frontdoor.py", "souk.kernel.money", "The local cloud knows no room"),
]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a copy of the project in which every forbidden import is there."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("src", "infra", "local", "cli", "bench"):
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for importer, imported, _ in FORBIDDEN:
        with (copy / importer).open("a") as source:
            source.write(f"\nimport {imported}\n")
    return lint(copy).stdout


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    path = f"{project}:{project / 'src'}"
    return subprocess.run(
        [sys.executable, "-P", "-c", LINT],
        cwd=project,
        env={"PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nobody_imports_what_they_should_not_know() -> None:
    checked = lint(ROOT)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(("importer", "imported", "rule"), FORBIDDEN)
def test_a_forbidden_import_is_noticed(
    verdict: str, importer: str, imported: str, rule: str
) -> None:
    module = importer.removeprefix("src/").removesuffix(".py").replace("/", ".")

    broken = verdict[verdict.index("Broken contracts") :]
    told = broken[broken.index(rule) :]

    assert f"{module} -> {imported}" in told.split("\n---", 2)[1]


def test_a_file_with_no_place_in_its_room_is_noticed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("src", "infra", "local", "cli", "bench"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "src/souk/catalog/helpers.py").touch()

    assert "souk.catalog.helpers" in lint(tmp_path).stdout
