"""Functions: small, limited, watched, each for itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from aws_cdk import aws_lambda

from tests.infra.template import Template, referred

if TYPE_CHECKING:
    from collections.abc import Iterator


def a_function_has_a_log_that_ends(template: Template) -> Iterator[str]:
    logs = template.of("Logs::LogGroup")
    for name, function in template.of("Lambda::Function").items():
        log = referred(function.get("LoggingConfig", {}).get("LogGroup"))
        if "RetentionInDays" not in logs.get(log, {}):
            yield f"{name} has no log group with a retention"


def a_function_states_time_and_memory(template: Template) -> Iterator[str]:
    for name, function in template.of("Lambda::Function").items():
        for limit in ("Timeout", "MemorySize"):
            if limit not in function:
                yield f"{name} states no {limit}"


def a_function_begins_no_trace(template: Template) -> Iterator[str]:
    """Each would cost as much as five requests, and tell less than the correlation id does."""
    for name, function in template.of("Lambda::Function").items():
        if function.get("TracingConfig") != {"Mode": "PassThrough"}:
            yield f"{name} begins traces, or takes no part in those of others"


def newest_python() -> str:
    """The newest Python this CDK knows."""
    minors = re.findall(r"\bPYTHON_3_(\d+)\b", " ".join(vars(aws_lambda.Runtime)))
    return f"python3.{max(map(int, minors))}"


def a_function_runs_on_the_newest_python_and_arm64(template: Template) -> Iterator[str]:
    wanted = newest_python()
    for name, function in template.of("Lambda::Function").items():
        if function.get("Runtime") != wanted:
            yield f"{name} runs on {function.get('Runtime')}, not on {wanted}"
        if function.get("Architectures") != ["arm64"]:
            yield f"{name} does not run on arm64"


def a_function_has_a_role_of_its_own(template: Template) -> Iterator[str]:
    functions = template.of("Lambda::Function")
    roles = Counter(referred(function["Role"]) for function in functions.values())
    for name, function in functions.items():
        if roles[referred(function["Role"])] > 1:
            yield f"{name} shares its role"
