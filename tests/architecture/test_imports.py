"""The import rules hold, and each rule detects a violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)

# A file, a module that it must not import, and the beginning of the rule's name.
FORBIDDEN = [
    ("src/souk/ordering/domain.py", "souk.ordering.usecases", "Layers of a service"),
    ("src/souk/ordering/usecases.py", "souk.ordering.store", "Layers of a service"),
    ("src/souk/ordering/events.py", "souk.ordering.domain", "Layers of a service"),
    ("src/souk/ordering/handlers.py", "souk.ordering.infra", "Layers of a service"),
    ("src/souk/ordering/schemas.py", "souk.ordering.usecases", "Layers of a service"),
    ("src/souk/ordering/usecases.py", "souk.basket.events", "Only handlers and infra may import"),
    ("src/souk/ordering/domain.py", "souk.catalog.events", "Only handlers and infra may import"),
    ("src/souk/basket/handlers.py", "souk.catalog.store", "Only the events of catalog"),
    (
        "src/souk/ordering/handlers.py",
        "souk.basket.domain",
        "Only the events and commands of basket",
    ),
    (
        "src/souk/basket/handlers.py",
        "souk.inventory.domain",
        "Only the events and commands of inventory",
    ),
    ("cli/main.py", "souk.ordering.store", "Only the events of ordering"),
    ("src/souk/kernel/money.py", "souk.catalog.events", "Kernel and runtime import no service"),
    ("src/souk/inventory/events.py", "souk.inventory.commands", "Layers of a service"),
    ("src/souk/runtime/relay.py", "souk.basket.events", "Kernel and runtime import no service"),
    ("src/souk/kernel/outbox.py", "souk.runtime.relay", "Kernel, stores, use cases"),
    ("src/souk/ordering/store.py", "souk.runtime.routes", "Kernel, stores, use cases"),
    ("src/souk/basket/domain.py", "boto3", "Use cases and domain do not import AWS"),
    (
        "src/souk/basket/usecases.py",
        "aws_lambda_powertools",
        "Use cases and domain do not import AWS",
    ),
    ("src/souk/basket/events.py", "aws_cdk", "Use cases and domain do not import AWS"),
    ("src/souk/catalog/handlers.py", "infra.stages", "Only infra and the CLI import infra"),
    ("local/demo_users.py", "souk.catalog.infra", "Only infra and the CLI import infra"),
    ("src/souk/basket/store.py", "local.shop", "Services and infra do not import"),
    ("local/gateway.py", "souk.kernel.money", "The local cloud imports no service"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on a copy of the project with all forbidden imports."""
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


def test_the_project_has_no_forbidden_import() -> None:
    result = lint(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("importer", "imported", "rule"), FORBIDDEN)
def test_a_forbidden_import_is_reported(
    report: str, importer: str, imported: str, rule: str
) -> None:
    module = importer.removeprefix("src/").removesuffix(".py").replace("/", ".")

    broken = report[report.index("Broken contracts") :]
    violations = broken[broken.index(rule) :]

    assert f"{module} -> {imported}" in violations.split("\n---", 2)[1]


def test_a_module_without_a_layer_is_reported(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("src", "infra", "local", "cli", "bench"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "src/souk/catalog/helpers.py").touch()

    assert "souk.catalog.helpers" in lint(tmp_path).stdout
