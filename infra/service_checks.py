"""Finds mistakes in the folders of services, and names the file of each.

A service that is half declared would otherwise deploy and stay unnoticed: served but undocumented,
or documented but not served.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from souk.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType, ModuleType

    from souk.services import Service

SOURCE = Path(__file__).resolve().parents[1] / "src" / "souk"
SHARED_FOLDERS = ("kernel", "runtime")


def find_mistakes(source: Path = SOURCE) -> Iterator[str]:
    """One sentence per mistake, which begins with the file to edit."""
    names = [service.name for service in SERVICES]
    for folder in sorted(source.iterdir()):
        is_package = (folder / "__init__.py").exists()
        if is_package and folder.name not in (*SHARED_FOLDERS, *names):
            yield f"src/souk/services.py: add a line for the service {folder.name}."
    if names[-1] != "operations":
        yield "src/souk/services.py: operations must be the last line; it covers all queues before."
    for service in SERVICES:
        if (source / service.name / "__init__.py").exists():
            yield from _mistakes_in(service, source / service.name)
        else:
            yield f"src/souk/services.py: there is no package src/souk/{service.name}."


def _mistakes_in(service: Service, folder: Path) -> Iterator[str]:
    if not (folder / "README.md").exists():
        yield (
            f"src/souk/{service.name}/README.md: is missing; say what the service owns, publishes,"
            " subscribes to, and never does."
        )
    if service.construct is None:
        yield f"src/souk/{service.name}/infra.py: add the construct {service.title}."
    if not service.description:
        yield f"src/souk/{service.name}/__init__.py: describe the service in the docstring."
    yield from _mistakes_in_handlers(service, folder)


def _mistakes_in_handlers(service: Service, folder: Path) -> Iterator[str]:
    routed = {route.handler for route in service.routes}
    for route in service.routes:
        if not inspect.getdoc(route.handler):
            yield f"src/souk/{service.name}: describe {route.handler.__name__} in its docstring."
    for file in sorted(folder.glob("*handlers.py")):
        module = service.module(file.stem)
        for handler in _request_handlers(module) if module else ():
            if handler not in routed:
                yield (
                    f"src/souk/{service.name}/{file.name}: {handler.__name__} takes a Request but"
                    " has no route; add @ROUTES.add(...) or give it a private name."
                )


def _request_handlers(module: ModuleType) -> Iterator[FunctionType]:
    """The public functions of the module that take a Request."""
    for name, function in vars(module).items():
        if not inspect.isfunction(function) or name.startswith("_"):
            continue
        # read as text: some annotations name classes that are imported for type checking only
        annotations = " ".join(map(str, inspect.get_annotations(function).values()))
        if function.__module__ == module.__name__ and re.search(r"\bRequest\b", annotations):
            yield function
