"""The project keeps the import rules, and each rule detects a violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("src", "infra", "local", "cli", "bench", "tests/architecture")

# A file, a module that it must not import, and what the report says.
FORBIDDEN = [
    ("src/souk/ordering/domain.py", "souk.ordering.usecases", "domain must not import usecases"),
    ("src/souk/ordering/usecases.py", "souk.ordering.store", "usecases must not import store"),
    ("src/souk/ordering/events.py", "souk.ordering.domain", "events must not import domain"),
    ("src/souk/ordering/handlers.py", "souk.ordering.infra", "handlers must not import infra"),
    ("src/souk/ordering/schemas.py", "souk.ordering.usecases", "schemas must not import usecases"),
    ("src/souk/ordering/returns.py", "souk.ordering.handlers", "returns must not import handlers"),
    ("src/souk/inventory/events.py", "souk.inventory.commands", "events must not import commands"),
    ("src/souk/inventory/plans.py", "souk.inventory.usecases", "an import cycle"),
    ("src/souk/catalog/handlers.py", "souk.catalog.openapi", "openapi is for documents only"),
    ("src/souk/ordering/usecases.py", "souk.basket.events", "only handlers and infra import an"),
    ("src/souk/ordering/domain.py", "souk.catalog.events", "only handlers and infra import an"),
    ("src/souk/payment/stripe.py", "souk.ordering.events", "only handlers and infra import an"),
    ("src/souk/notification/senders.py", "souk.basket.commands", "only handlers and infra import"),
    ("src/souk/timeline/feed.py", "souk.delivery.events", "only handlers and infra import another"),
    ("src/souk/basket/handlers.py", "souk.catalog.store", "souk.catalog.store is internal to"),
    ("src/souk/ordering/handlers.py", "souk.basket.domain", "souk.basket.domain is internal to"),
    ("src/souk/delivery/infra.py", "souk.payment.usecases", "souk.payment.usecases is internal"),
    ("src/souk/catalog/handlers.py", "souk.operations.dead_letters", "is internal to operations"),
    ("src/souk/basket/handlers.py", "souk.delivery.openapi", "souk.delivery.openapi is internal"),
    ("cli/main.py", "souk.ordering.store", "souk.ordering.store is internal to ordering"),
    ("bench/steps.py", "souk.payment.store", "benchmarks use HTTP and AWS only"),
    ("bench/run.py", "souk.ordering.events", "benchmarks use HTTP and AWS only"),
    ("src/souk/payment/compensation.py", "boto3", "compensation must not reach AWS"),
    ("src/souk/ordering/figures.py", "souk.kernel.dynamo", "figures must not reach AWS"),
    ("src/souk/payment/provider.py", "souk.payment.store", "must not reach store"),
    ("src/souk/basket/__init__.py", "souk.basket.store", "an __init__.py imports nothing"),
    ("src/souk/kernel/settings.py", "infra.stages", "only infra and the commands import infra"),
    ("local/cloud.py", "tests.architecture.import_rules", "only tests import tests"),
    ("infra/packaging.py", "souk.timeline.domain", "souk.timeline.domain is internal to timeline"),
    ("src/souk/kernel/money.py", "souk.catalog.events", "kernel, runtime and registry know no"),
    ("src/souk/kernel/errors.py", "souk.catalog.schemas", "kernel, runtime and registry know no"),
    ("src/souk/kernel/ids.py", "souk.operations.handlers", "kernel, runtime and registry know"),
    ("src/souk/runtime/relay.py", "souk.basket.events", "kernel, runtime and registry know no"),
    ("src/souk/services.py", "souk.notification.handlers", "kernel, runtime and registry know no"),
    ("src/souk/kernel/outbox.py", "souk.runtime.relay", "the kernel imports the kernel only"),
    ("src/souk/runtime/invoke.py", "souk.services", "the runtime knows no service"),
    ("src/souk/basket/handlers.py", "souk.services", "a service does not know the registry"),
    ("src/souk/ordering/store.py", "souk.runtime.routes", "only handlers and entry points import"),
    ("src/souk/payment/sandbox.py", "souk.runtime.http", "only handlers and entry points import"),
    ("src/souk/basket/domain.py", "boto3", "domain must not reach AWS"),
    ("src/souk/basket/usecases.py", "aws_lambda_powertools", "must not reach AWS"),
    ("src/souk/inventory/plans.py", "souk.kernel.dynamo", "must not reach AWS"),
    ("src/souk/basket/events.py", "aws_cdk", "only infra imports the CDK"),
    ("src/souk/payment/provider.py", "constructs", "only infra imports the CDK"),
    ("src/souk/catalog/handlers.py", "infra.stages", "only infra and the commands import infra"),
    ("local/demo_users.py", "infra.stages", "only infra and the commands import infra"),
    ("bench/results.py", "infra.stages", "benchmarks use HTTP and AWS only"),
    ("src/souk/basket/store.py", "local.shop", "services and infra import neither"),
    ("infra/stages.py", "cli.main", "services and infra import neither"),
    ("local/gateway.py", "souk.kernel.money", "the local cloud knows nothing of the shop"),
]


def copy_project(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "tests/__init__.py").touch()
    return folder


def check(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tests.architecture.import_rules"],
        cwd=project,
        env={"PYTHONPATH": f"{project}:{project / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on a copy of the project with all forbidden imports.

    They are added where no code runs, so that the registry can still be imported.
    """
    copy = copy_project(tmp_path_factory.mktemp("project"))
    for importer, imported, _ in FORBIDDEN:
        file = copy / importer
        assert file.exists(), importer
        with file.open("a") as source:
            source.write(f"\n\ndef never_called() -> None:\n    import {imported}\n")
    return check(copy).stdout


def test_the_project_has_no_forbidden_import() -> None:
    result = check(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("importer", "imported", "reason"), FORBIDDEN)
def test_a_forbidden_import_is_reported(
    report: str, importer: str, imported: str, reason: str
) -> None:
    file = importer.removeprefix("src/").removesuffix("/__init__.py").removesuffix(".py")
    module = file.replace("/", ".")

    lines = [
        line
        for line in report.splitlines()
        if f"imports {imported}: " in line and reason in line and module in line
    ]

    assert lines, report


def test_a_package_that_is_not_registered_is_reported(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    package = project / "src/souk/stickers"
    package.mkdir()
    (package / "__init__.py").touch()

    result = check(project)

    assert "souk.stickers is neither shared nor a service in src/souk/services.py" in result.stdout
    assert result.returncode == 1


def test_a_new_module_of_a_service_needs_no_registration(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    (project / "src/souk/catalog/helpers.py").write_text("import souk.catalog.domain\n")

    result = check(project)

    assert result.returncode == 0, result.stdout
