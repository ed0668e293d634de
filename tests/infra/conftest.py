"""The templates of both stages, synthesized once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra import synth
from tests.infra.template import Template, read_template

os.environ["JSII_NODE"] = synth.node_path()  # before the CDK is imported, which reads it


@pytest.fixture(scope="session")
def assembly() -> Path:
    return synth.synthesize(print)


@pytest.fixture(scope="session")
def dev(assembly: Path) -> Template:
    return read_template(assembly, "dev")


@pytest.fixture(scope="session")
def prod(assembly: Path) -> Template:
    return read_template(assembly, "prod")


@pytest.fixture(scope="session", params=["dev", "prod"])
def template(request: pytest.FixtureRequest, assembly: Path) -> Template:
    return read_template(assembly, request.param)
