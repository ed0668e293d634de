"""cdk-nag's AwsSolutions rules hold in both stages, or a finding is accepted with a reason."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infra import app, nag_suppressions
from infra.packaging import LayerFolders
from infra.stages import STAGES


class Finding(NamedTuple):
    rule: str
    path: str


class Suppression(NamedTuple):
    """Accepts the findings of a rule at a construct and its children."""

    rule: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return finding.rule == self.rule and finding.path.startswith(f"{self.path}/")


def check(assembly: Path) -> set[Finding]:
    """The errors and warnings of the app, which is synthesized to `assembly`."""
    layer = assembly / "layer"
    layer.mkdir(parents=True)
    shop = app.build_app(tuple(STAGES), LayerFolders(layer, layer), assembly / "out")
    Validations.of(shop).add_plugins(AwsSolutionsChecks(shop))
    with suppress(RuntimeError):  # raised for errors but not for warnings; the report has both
        shop.synth()
    report = json.loads((assembly / "out" / "validation-report.json").read_text())
    return {
        Finding(violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }


@pytest.fixture(scope="module")
def unsuppressed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[set[Finding], list[Suppression]]:
    """All findings when nothing is suppressed, and the suppressions that were ignored."""
    suppressions: list[Suppression] = []

    def record(construct: IConstruct, rule: str, reason: str) -> None:
        suppressions.append(Suppression(rule, construct.node.path, reason))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nag_suppressions, "acknowledge", record)
        return check(tmp_path_factory.mktemp("unsuppressed")), suppressions


def test_every_finding_is_fixed_or_suppressed(tmp_path: Path) -> None:
    assert check(tmp_path) == set()


def test_without_its_suppression_a_finding_is_reported(
    unsuppressed: tuple[set[Finding], list[Suppression]],
) -> None:
    findings, suppressions = unsuppressed

    assert findings
    uncovered = {each for each in findings if not any(s.covers(each) for s in suppressions)}
    assert uncovered == set()


def test_every_suppression_is_needed_and_has_a_reason(
    unsuppressed: tuple[set[Finding], list[Suppression]],
) -> None:
    findings, suppressions = unsuppressed

    assert [each for each in suppressions if not any(map(each.covers, findings))] == []
    assert [each for each in suppressions if len(each.reason.split()) < 5] == []
