"""`docs/adding-a-service.md` is followed step by step in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/adding-a-service.md").read_text()
PACKAGES = ("src", "infra", "local", "cli", "bench", "requirements", "storefront", "demo", "tests")
LINE = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]


def files_of_the_page() -> dict[str, str]:
    """The code blocks of sections 2 and 3, by the files named before them, in order."""
    section = PAGE[PAGE.index("## 2.") : PAGE.index("## 4.")]
    paths = re.findall(r"`((?:src/souk|tests)/labels/(?!__init__\.py` is empty)[\w.]+)`", section)
    blocks = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    return dict(zip(paths, blocks, strict=True))


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=project,
        env={
            "PYTHONPATH": f"{project}:{project / 'src'}",
            "HOME": str(project),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the service of the page."""
    project = tmp_path_factory.mktemp("project")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, project / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", project)
    for path, content in files_of_the_page().items():
        file = project / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    (project / "tests/labels/__init__.py").touch()
    registry = project / "src/souk/services.py"
    before = '    Service("notification"),\n'
    registry.write_text(registry.read_text().replace(before, LINE + before))
    return project


@pytest.fixture(scope="module")
def assembly(project: Path) -> Path:
    """The synthesized app of the copy."""
    from infra import synth

    out = project / "assembly"
    result = run(
        project,
        "-c",
        "import os, sys; from pathlib import Path; from infra import synth;"
        "os.environ['JSII_NODE'] = synth.node_path();"
        "from infra import assemble; assemble.main(Path(sys.argv[1]), 'host')",
        str(out),
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert synth.map_path(out).exists()
    return out


def test_the_service_keeps_the_rules_of_the_project(project: Path) -> None:
    rules = run(project, "-m", "tests.architecture.import_rules")
    format_ = run(project, "-m", "ruff", "format", "--check", "src", "tests/labels")
    lint = run(project, "-m", "ruff", "check", "src", "tests/labels")

    assert rules.returncode == 0, rules.stdout
    assert format_.returncode == 0, format_.stdout
    assert lint.returncode == 0, lint.stdout


def test_a_forbidden_import_of_the_service_is_reported(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(
        project, tmp_path / "copy", ignore=shutil.ignore_patterns("assembly", ".build")
    )
    for importer, imported in (("labels", "ordering"), ("catalog", "labels")):
        with (copy / f"src/souk/{importer}/handlers.py").open("a") as handlers:
            handlers.write(f"\n\ndef never_called() -> None:\n    import souk.{imported}.store\n")

    rules = run(copy, "-m", "tests.architecture.import_rules")

    assert "souk.ordering.store is internal to ordering" in rules.stdout
    assert "souk.labels.store is internal to labels" in rules.stdout


def test_the_service_is_deployed_and_documented(assembly: Path) -> None:
    template = json.loads((assembly / "Souk-dev.template.json").read_text())
    resources = template["Resources"].values()
    routes = {
        resource["Properties"]["RouteKey"]
        for resource in resources
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    }
    paths = json.loads((assembly / "openapi.json").read_text())["paths"]

    assert "LabelsTable" in template["Outputs"]
    assert "GET /api/staff/orders/{order_id}/label" in routes
    assert paths["/api/staff/orders/{order_id}/label"]["get"]["tags"] == ["labels"]


def test_the_service_is_on_the_map_with_its_events(assembly: Path) -> None:
    shop_map = json.loads((assembly / "map.json").read_text())

    (labels,) = [each for each in shop_map["services"] if each["id"] == "labels"]

    assert labels["publishes"] == ["LabelPrinted"]
    assert labels["subscribes"] == ["OrderConfirmed"]


def test_its_events_are_documented(project: Path) -> None:
    pages = run(
        project, "-c", "from infra import contracts; print(contracts.events_markdown())"
    ).stdout

    assert "### LabelPrinted" in pages
    assert "Published by labels." in pages
    assert re.search(r"### OrderConfirmed.*?Subscribers: [^\n]*labels", pages, re.DOTALL)


@pytest.mark.cloud
@pytest.mark.timeout(300)
def test_the_deployed_service_works(project: Path, assembly: Path) -> None:
    """Runs the page's own test: the copy is deployed, and an order gets its label."""
    assert assembly.exists()  # the layer is built

    result = run(project, "-m", "pytest", "tests/labels", "-q", "-p", "no:cacheprovider")

    assert result.returncode == 0, result.stdout[-3000:]
    assert "1 passed" in result.stdout
