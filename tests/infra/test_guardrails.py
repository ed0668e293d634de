"""All guardrails hold in both stages, and each one detects the resources that violate it."""

from __future__ import annotations

import pytest

from tests.infra.breakages import BREAKAGES, BREAKAGES_OF_PROD, Breakage
from tests.infra.guardrails import RULES, Rule, access
from tests.infra.template import Template


def cases(breakages: dict[Rule, list[Breakage]]) -> list[tuple[Rule, Breakage]]:
    return [(rule, breakage) for rule, all_of_rule in breakages.items() for breakage in all_of_rule]


def name(value: Rule | Breakage) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_template_obeys_the_rule(rule: Rule, template: Template) -> None:
    assert list(rule(template)) == []


@pytest.mark.parametrize(("rule", "breakage"), cases(BREAKAGES), ids=name)
def test_a_violation_names_the_resource(rule: Rule, breakage: Breakage, dev: Template) -> None:
    broken = dev.copy()
    offender = breakage.apply(broken)

    violations = list(rule(broken))

    assert any(line.startswith(offender) for line in violations), violations


@pytest.mark.parametrize(("rule", "breakage"), cases(BREAKAGES_OF_PROD), ids=name)
def test_a_violation_in_prod_names_the_resource(
    rule: Rule, breakage: Breakage, prod: Template
) -> None:
    broken = prod.copy()
    offender = breakage.apply(broken)

    violations = list(rule(broken))

    assert any(line.startswith(offender) for line in violations), violations


def test_every_rule_is_shown_to_detect_a_violation() -> None:
    assert set(BREAKAGES) == set(RULES)


def test_every_listed_exception_is_needed(template: Template) -> None:
    assert access.unused_exceptions(template) == set()


def test_an_unused_exception_is_detected(dev: Template) -> None:
    broken = dev.copy()
    policies = broken.properties("IAM::Policy") | broken.properties("S3::BucketPolicy")
    for policy in policies.values():
        document = policy["PolicyDocument"]
        document["Statement"] = [
            each for each in document["Statement"] if "*" not in str(each["Resource"])
        ]

    assert access.unused_exceptions(broken) == set(access.WILDCARD_ACTIONS)
