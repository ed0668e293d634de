"""Lambda functions: limits, logs, tracing, runtime and roles."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from aws_cdk import aws_lambda

from tests.infra.template import Template, reference

if TYPE_CHECKING:
    from collections.abc import Iterator


def a_function_has_a_log_with_a_retention(template: Template) -> Iterator[str]:
    log_groups = template.properties("Logs::LogGroup")
    for name, function in template.properties("Lambda::Function").items():
        log_group = reference(function.get("LoggingConfig", {}).get("LogGroup"))
        if "RetentionInDays" not in log_groups.get(log_group, {}):
            yield f"{name} has no log group with a retention"


def a_function_has_an_explicit_timeout_and_memory(template: Template) -> Iterator[str]:
    for name, function in template.properties("Lambda::Function").items():
        for limit in ("Timeout", "MemorySize"):
            if limit not in function:
                yield f"{name} has no {limit}"


def a_function_starts_no_trace(template: Template) -> Iterator[str]:
    """A trace costs as much as five requests and says less than the correlation id."""
    for name, function in template.properties("Lambda::Function").items():
        if function.get("TracingConfig") != {"Mode": "PassThrough"}:
            yield f"{name} starts traces, or does not continue those of its callers"


def newest_python() -> str:
    """The newest Python runtime that this version of the CDK has."""
    minors = re.findall(r"\bPYTHON_3_(\d+)\b", " ".join(vars(aws_lambda.Runtime)))
    return f"python3.{max(map(int, minors))}"


def a_function_runs_on_the_newest_python_and_arm64(template: Template) -> Iterator[str]:
    newest = newest_python()
    for name, function in template.properties("Lambda::Function").items():
        if function.get("Runtime") != newest:
            yield f"{name} runs on {function.get('Runtime')}, not on {newest}"
        if function.get("Architectures") != ["arm64"]:
            yield f"{name} does not run on arm64"


def a_function_has_a_role_of_its_own(template: Template) -> Iterator[str]:
    functions = template.properties("Lambda::Function")
    roles = Counter(reference(function["Role"]) for function in functions.values())
    for name, function in functions.items():
        if roles[reference(function["Role"])] > 1:
            yield f"{name} shares its role"
