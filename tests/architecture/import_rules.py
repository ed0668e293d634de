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

PACKAGES = ("souk", "infra", "local", "cli", "bench")
SHARED = ("kernel", "runtime", "services")
SERVICE_NAMES = {service.name for service in SERVICES}
PUBLIC = ("events", "commands")
"""The modules that other services may import."""

ENTRY_POINTS = ("api", "consumer", "command_handler", "reconciler", "websocket")
AWS_LIBRARIES = ("boto3", "botocore", "aws_lambda_powertools", "aws_cdk", "constructs")
PURE = ("events", "commands", "domain", "usecases")
"""Neither these modules nor anything they import may import an AWS library or the runtime."""

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
"""A module imports only modules of its service with a lower rank."""

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
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if (module, imported) not in EXCEPTIONS and (reason := _forbidden(module, imported)):
                yield Violation(module, imported, reason)
    yield from _impure(graph)
    yield from _cycles(graph)


def _misplaced(module: str) -> Iterator[Violation]:
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    if package == "souk" and name and name not in SHARED and name not in SERVICE_NAMES:
        reason = f"souk.{name} is neither shared nor a service in src/souk/services.py"
        yield Violation(module, "", reason)


def _forbidden(importer: str, imported: str) -> str | None:
    """Why this import is forbidden; None if it is allowed."""
    package, target = importer.partition(".")[0], imported.partition(".")[0]
    if target in ("local", "cli", "bench") and package in ("souk", "infra"):
        return "services and infra import neither the local cloud nor the commands"
    if target in ("infra", "cli") and package == "bench":
        return "benchmarks use HTTP and AWS only"
    if target == "infra" and package not in ("infra", "cli") and _role(importer) != "infra":
        return "only infra and the commands import infra"
    if target == "souk" and package == "local":
        return "the local cloud knows nothing of the shop"
    if target in ("aws_cdk", "constructs") and package == "souk" and _role(importer) != "infra":
        return "only infra imports the CDK"
    if target == "souk":
        return _forbidden_in_souk(importer, imported)
    return None


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
    is_allowed = lower < upper or (lower == upper == _PART) or {lower, upper} == {_PART, 3}
    return None if is_allowed else f"{_role(importer)} must not import {_role(imported)}"


_PART = 4
"""The rank of a module whose name says no role. Such modules may import each other, and schemas,
stores and use cases may import them; a cycle is forbidden in any case."""


def _rank(module: str) -> float:
    role = _role(module)
    if _is_adapter(module):
        return 6
    if role not in RANKS:
        return _PART
    is_part_of_role = module.rpartition(".")[2] != role
    if is_part_of_role and role == "handlers":
        return 4.5  # return_handlers, which handlers import
    return _PART if is_part_of_role and role == "usecases" else RANKS[role]


def _role(module: str) -> str:
    """`store` for `souk.ordering.return_store`; the module's own name if it has no role."""
    name = "".join(module.split(".")[2:3]) if module.startswith("souk.") else ""
    if name in RANKS:
        return name
    return next((role for role in RANKS if name.endswith(f"_{role}")), name)


def _is_adapter(module: str) -> bool:
    """Such as `batch_consumer`: what an entry point of one service alone needs."""
    name = module.rpartition(".")[2]
    return name not in ENTRY_POINTS and name.endswith(("_consumer", "_handler"))


def _service(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "souk" and parts[1] not in SHARED else None


def _is_public(module: str) -> bool:
    return module.split(".")[2:3] in [[name] for name in PUBLIC]


def _impure(graph: ImportGraph) -> Iterator[Violation]:
    """Domain and use cases, with all they import, are free of AWS."""
    for module in sorted(graph.modules):
        if _service(module) and _role(module) in PURE:
            for target in ("souk.runtime", *AWS_LIBRARIES):
                chain = _chain(graph, module, target)
                if chain:
                    own = [each for each in chain if _service(each) == _service(module)]
                    reason = f"{_role(module)} is pure: {' -> '.join(chain)}"
                    yield Violation(own[-1], chain[chain.index(own[-1]) + 1], reason)


def _chain(graph: ImportGraph, module: str, target: str) -> tuple[str, ...] | None:
    if target not in graph.modules:
        return None
    return graph.find_shortest_chain(module, target, as_packages=target == "souk.runtime")


def _cycles(graph: ImportGraph) -> Iterator[Violation]:
    for service in sorted(SERVICE_NAMES):
        modules = graph.find_descendants(f"souk.{service}")
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
