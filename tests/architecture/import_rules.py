"""The import rules, checked for every module: `python -m tests.architecture.import_rules`.

Services and their modules are discovered, not listed. A module's role follows from its name:

- `events`, `commands`, `domain`, `schemas`, `store`, `usecases`, `handlers`, `infra`, names that
  end like them (`return_store`), and Lambda entry points (`api`, `consumer`, …);
- any other module is a part of its service, which schemas, stores and use cases may import.

Prints one line per violation, with module and line number. The exit code is 1 if there is any.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import grimp

from souk.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grimp import ImportGraph

PACKAGES = ("souk", "infra", "local", "cli", "bench", "tests")
SHARED = ("kernel", "runtime", "services")
SERVICE_NAMES = {service.name for service in SERVICES}
PUBLIC = ("events", "commands")
"""The modules that other services may import."""

ENTRY_POINTS = ("api", "consumer", "command_handler", "reconciler", "websocket")
AWS_LIBRARIES = ("boto3", "botocore", "aws_lambda_powertools", "aws_cdk", "constructs")
AWS_MODULES = {
    "souk.catalog.pictures": "signs uploads to S3",
    "souk.notification.senders": "sends by SES and SNS",
    "souk.operations.dead_letters": "reads SQS queues",
    "souk.operations.schemas": "a message of a queue is part of its response",
    "souk.ordering.workflow": "starts Step Functions executions",
    "souk.payment.sandbox": "keeps its payments in DynamoDB",
    "souk.payment.reconciliation": "logs by Powertools",
    "souk.timeline.connections": "a store",
    "souk.timeline.feed": "posts to WebSocket connections",
}
"""Modules that may import AWS libraries although their names do not say so, with the reason."""

RANKS = {
    "events": 0,
    "commands": 1,
    "domain": 2,
    "schemas": 3,
    "store": 3,
    "usecases": 3,
    "handlers": 5,
    **dict.fromkeys(ENTRY_POINTS, 7),
    "infra": 8,
    "openapi": 8,
}
"""A module imports only modules of its service with a lower rank, or with its own role."""

PART_RANK = 4
"""The rank of a module whose name says no role. Such modules may import each other, and schemas,
stores and use cases may import them; a cycle is forbidden in any case."""

EXCEPTIONS = {
    ("local.shop", "infra.publish"): "the local cloud is deployed to like AWS",
    ("local.gateway", "infra.pages"): "content types and policies of the pages are the same",
    ("infra.contracts.orders", "souk.ordering.domain"): "docs/orders.md describes the statuses",
    ("infra.contracts.emails", "souk.notification.domain"): "docs/emails.md shows the texts",
    ("infra.contracts.emails", "souk.notification.formats"): "docs/emails.md shows the texts",
    ("infra.contracts.emails", "souk.notification.rendering"): "docs/emails.md shows the texts",
}


class Violation(NamedTuple):
    importer: str
    imported: str
    reason: str


def find_violations(graph: ImportGraph) -> Iterator[Violation]:
    """All violations: of single imports, of chains of imports, and modules without a place."""
    for module in sorted(graph.modules):
        yield from _misplaced(module)
        if module.partition(".")[0] == "tests":
            continue
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if (module, imported) not in EXCEPTIONS and (reason := _forbidden(module, imported)):
                yield Violation(module, imported, reason)
    yield from _impure(graph)
    yield from _leaks(graph)
    yield from _cycles(graph)
    for (importer, imported), reason in EXCEPTIONS.items():
        if imported not in graph.find_modules_directly_imported_by(importer):
            yield Violation(importer, "", f"the exception for {imported} ({reason}) is unused")


def _misplaced(module: str) -> Iterator[Violation]:
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    if package == "souk" and name and name not in SHARED and name not in SERVICE_NAMES:
        reason = f"souk.{name} is neither shared nor a service in src/souk/services.py"
        yield Violation(module, "", reason)


def _forbidden(importer: str, imported: str) -> str | None:
    """Why this import is forbidden; None if it is allowed."""
    package, target = importer.partition(".")[0], imported.partition(".")[0]
    is_infra = _role(importer) == "infra"
    rules = {
        "only tests import tests": target == "tests",
        "an __init__.py imports nothing: every module of the package would import it too": importer
        in ("souk", *(f"souk.{name}" for name in SERVICE_NAMES)),
        "services and infra import neither the local cloud nor the commands": package
        in ("souk", "infra")
        and target in ("local", "cli", "bench"),
        "benchmarks use HTTP and AWS only": package == "bench"
        and (target in ("infra", "cli") or _is_beyond_kernel(imported)),
        "only infra and the commands import infra": target == "infra"
        and package not in ("infra", "cli")
        and not is_infra,
        "the local cloud knows nothing of the shop": package == "local" and target == "souk",
        "only infra imports the CDK": package == "souk"
        and target in ("aws_cdk", "constructs")
        and not is_infra,
    }
    broken = next((reason for reason, is_broken in rules.items() if is_broken), None)
    if broken is None and target == "souk":
        return _forbidden_in_souk(importer, imported)
    return broken


def _is_beyond_kernel(module: str) -> bool:
    return module.startswith("souk.") and module.split(".")[1] != "kernel"


def _forbidden_in_souk(importer: str, imported: str) -> str | None:
    service, other = _service(importer), _service(imported)
    if other is None:
        return _forbidden_shared(importer, imported)
    if service == other:
        return _forbidden_layer(importer, imported)
    if service is None:
        is_shared = importer.startswith(tuple(f"souk.{name}" for name in SHARED))
        if is_shared:
            return "kernel, runtime and registry know no service"
        return None if _is_public(imported) else f"{imported} is internal to {other}"
    if _role(importer) not in ("handlers", "infra"):
        return "only handlers and infra import another service"
    return None if _is_public(imported) else f"{imported} is internal to {other}"


def _forbidden_shared(importer: str, imported: str) -> str | None:
    layer, other = importer.split(".")[1:2], imported.split(".")[1:2]
    if layer == ["kernel"] and other != ["kernel"]:
        return "the kernel imports the kernel only"
    if layer == ["runtime"] and other == ["services"]:
        return "the runtime knows no service"
    if _service(importer) and other == ["services"]:
        return "a service does not know the registry"
    is_edge = _role(importer) in ("handlers", "infra", *ENTRY_POINTS) or _is_adapter(importer)
    if _service(importer) and other == ["runtime"] and not is_edge:
        return "only handlers and entry points import the runtime"
    return None


def _forbidden_layer(importer: str, imported: str) -> str | None:
    if _role(imported) == "openapi":
        return "openapi is for documents only"
    lower, upper = _rank(imported), _rank(importer)
    is_allowed = (
        lower < upper
        or _role(importer) == _role(imported)  # such as return_store and store, without cycles
        or (lower == upper == PART_RANK)
        or {lower, upper} == {PART_RANK, 3}
    )
    return None if is_allowed else f"{_role(importer)} must not import {_role(imported)}"


def _rank(module: str) -> int:
    return 6 if _is_adapter(module) else RANKS.get(_role(module), PART_RANK)


def _role(module: str) -> str:
    """`store` for `souk.ordering.return_store`; the module's own name if it has no role.

    Empty outside services. Entry points, infra and openapi have exactly these names.
    """
    if _service(module) is None:
        return ""
    name = "".join(module.split(".")[2:3])
    suffixes = ("domain", "schemas", "store", "usecases", "handlers")
    return next((role for role in suffixes if name.endswith(f"_{role}")), name)


def _is_adapter(module: str) -> bool:
    """Such as `batch_consumer`: what an entry point of one service alone needs."""
    name = module.rpartition(".")[2]
    return name not in ENTRY_POINTS and name.endswith(("_consumer", "_handler"))


def _service(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "souk" and parts[1] not in SHARED else None


def _is_public(module: str) -> bool:
    return "".join(module.split(".")[2:3]) in PUBLIC


def _impure(graph: ImportGraph) -> Iterator[Violation]:
    """Modules that must not import AWS libraries or the runtime, not even by way of others."""
    reported = set()
    for module in sorted(graph.modules):
        if not _must_be_pure(module):
            continue
        for target in ("souk.runtime", *AWS_LIBRARIES):
            if chain := _chain(graph, module, target):
                own = [each for each in chain if _service(each) == _service(module)]
                edge = own[-1], chain[chain.index(own[-1]) + 1]
                if edge not in reported:
                    reported.add(edge)
                    reason = f"{_role(module)} must not reach AWS: {' -> '.join(chain)}"
                    yield Violation(*edge, reason)


def _must_be_pure(module: str) -> bool:
    reaches_aws = ("store", "handlers", "infra", *ENTRY_POINTS)
    return bool(
        _service(module)
        and _role(module)
        and _role(module) not in reaches_aws
        and not _is_adapter(module)
        and module not in AWS_MODULES
    )


def _leaks(graph: ImportGraph) -> Iterator[Violation]:
    """Schemas, stores and use cases do not know each other, not even by way of a part."""
    roles = ("schemas", "store", "usecases")
    for service in sorted(SERVICE_NAMES):
        modules = [
            each
            for each in sorted(graph.modules)
            if _service(each) == service and _role(each) in roles
        ]
        for module in modules:
            for other in (each for each in modules if _role(each) != _role(module)):
                chain = graph.find_shortest_chain(module, other)
                if chain and len(chain) > 2:
                    reason = f"{_role(module)} must not reach {_role(other)}: {' -> '.join(chain)}"
                    yield Violation(chain[-2], chain[-1], reason)


def _chain(graph: ImportGraph, module: str, target: str) -> tuple[str, ...] | None:
    if target not in graph.modules:
        return None
    return graph.find_shortest_chain(module, target, as_packages=target == "souk.runtime")


def _cycles(graph: ImportGraph) -> Iterator[Violation]:
    for service in sorted(SERVICE_NAMES):
        modules = {each for each in graph.modules if _service(each) == service}
        for module in sorted(modules):
            for imported in sorted(graph.find_modules_directly_imported_by(module) & modules):
                if graph.chain_exists(imported, module):
                    yield Violation(module, imported, "an import cycle")


def describe(graph: ImportGraph, violation: Violation) -> str:
    importer, imported, reason = violation
    if not imported:
        return f"{importer}: {reason}"
    details = graph.get_import_details(importer=importer, imported=imported)
    line = f", line {details[0]['line_number']}" if details else ""
    return f"{importer}{line} imports {imported}: {reason}"


def main() -> int:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    violations = list(find_violations(graph))
    lines = [describe(graph, violation) for violation in violations]
    summary = f"{len(graph.modules)} modules, no forbidden import"
    sys.stdout.write("\n".join(lines or [summary]) + "\n")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
