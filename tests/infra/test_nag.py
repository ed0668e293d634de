"""cdk-nag's AwsSolutions over both stages: each finding is fixed, or accepted with a reason."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infra import app, reasons
from infra.packaging import LayerFolders
from infra.stages import STAGES


class Finding(NamedTuple):
    rule: str
    path: str


class Accepted(NamedTuple):
    """A finding accepted at a construct, and so for all that is in it."""

    rule: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return finding.rule == self.rule and finding.path.startswith(f"{self.path}/")


def findings(assembly: Path) -> set[Finding]:
    """What the checks say of the app, errors and warnings; written to `assembly`."""
    layer = assembly / "layer"
    layer.mkdir(parents=True)
    shop = app.build(tuple(STAGES), LayerFolders(layer, layer), assembly / "out")
    Validations.of(shop).add_plugins(AwsSolutionsChecks(shop))
    with suppress(RuntimeError):  # raised for errors, not for warnings; the report has both
        shop.synth()
    report = json.loads((assembly / "out" / "validation-report.json").read_text())
    return {
        Finding(violation["ruleName"], place["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for place in violation["violatingConstructs"]
    }


@pytest.fixture(scope="module")
def unaccepted(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[Finding], list[Accepted]]:
    """What is found when nothing is accepted, and what would have been."""
    would_be: list[Accepted] = []

    def note(construct: IConstruct, rule: str, reason: str) -> None:
        would_be.append(Accepted(rule, construct.node.path, reason))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reasons, "acknowledge", note)
        return findings(tmp_path_factory.mktemp("unaccepted")), would_be


def test_nothing_is_found_that_is_not_accepted(tmp_path: Path) -> None:
    assert findings(tmp_path) == set()


def test_without_its_acceptance_a_finding_is_seen(
    unaccepted: tuple[set[Finding], list[Accepted]],
) -> None:
    found, accepted = unaccepted

    assert found
    assert {finding for finding in found if not any(a.covers(finding) for a in accepted)} == set()


def test_every_acceptance_is_needed_and_says_why(
    unaccepted: tuple[set[Finding], list[Accepted]],
) -> None:
    found, accepted = unaccepted

    assert [each for each in accepted if not any(map(each.covers, found))] == []
    assert [each for each in accepted if len(each.reason.split()) < 5] == []
