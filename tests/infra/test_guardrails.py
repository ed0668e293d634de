"""Every guardrail holds in both stages, and every one of them names who breaks it."""

from __future__ import annotations

import pytest

from tests.infra.broken import BREAKS, BREAKS_OF_PROD, Way
from tests.infra.guardrails import RULES, Rule, access
from tests.infra.template import Template


def cases(breaks: dict[Rule, list[Way]]) -> list[tuple[Rule, Way]]:
    return [(rule, way) for rule, ways in breaks.items() for way in ways]


def name(value: Rule | Way) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_template_is_such_that(rule: Rule, template: Template) -> None:
    assert list(rule(template)) == []


@pytest.mark.parametrize(("rule", "way"), cases(BREAKS), ids=name)
def test_who_breaks_a_rule_is_named(rule: Rule, way: Way, dev: Template) -> None:
    broken = dev.copy()
    offender = way.apply(broken)

    told = list(rule(broken))

    assert any(line.startswith(offender) for line in told), told


@pytest.mark.parametrize(("rule", "way"), cases(BREAKS_OF_PROD), ids=name)
def test_who_puts_prod_at_risk_is_named(rule: Rule, way: Way, prod: Template) -> None:
    broken = prod.copy()
    offender = way.apply(broken)

    told = list(rule(broken))

    assert any(line.startswith(offender) for line in told), told


def test_every_rule_is_shown_to_bite() -> None:
    assert set(BREAKS) == set(RULES)


def test_a_listed_exception_is_needed(template: Template) -> None:
    assert access.unused_exceptions(template) == set()


def test_an_exception_nobody_needs_is_named(dev: Template) -> None:
    broken = dev.copy()
    policies = broken.of("IAM::Policy") | broken.of("S3::BucketPolicy")
    for policy in policies.values():
        document = policy["PolicyDocument"]
        document["Statement"] = [
            each for each in document["Statement"] if "*" not in str(each["Resource"])
        ]

    assert access.unused_exceptions(broken) == set(access.MAY_BE_ANY)
