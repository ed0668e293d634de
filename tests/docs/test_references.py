"""The documents name files, links and commands that exist."""

import re
from pathlib import Path

import pytest

from cli.main import souk

ROOT = Path(__file__).parents[2]
FOLDERS = "src|infra|local|cli|bench|tests|docs|storefront|demo|requirements"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
PATH = re.compile(rf"`((?!src/souk/labels|tests/labels)(?:{FOLDERS})/[\w./-]*)`")
"""The service `labels` exists in docs/adding-a-service.md only."""
COMMAND = re.compile(r"\./souk ([a-z]+)")
MERGE_CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*", re.MULTILINE)
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "src/**/*.md")
    for path in ROOT.glob(pattern)
    if ".venv" not in path.parts
)


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def test_all_documents_are_found() -> None:
    names = {name(document) for document in DOCUMENTS}

    assert {"README.md", "docs/architecture.md", "src/souk/basket/README.md"} <= names


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_no_merge_conflict_is_left(document: Path) -> None:
    assert MERGE_CONFLICT.findall(document.read_text()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_and_paths_lead_to_files(document: Path) -> None:
    text = document.read_text()
    linked = {document.parent / link for link in LINK.findall(text)}
    mentioned = {ROOT / path for path in PATH.findall(text)}

    missing = sorted(str(path) for path in linked | mentioned if not path.exists())

    assert missing == []


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if each.name != "CHANGELOG.md"], ids=name
)  # the changelog also names commands of the past
def test_commands_exist(document: Path) -> None:
    commands = set(COMMAND.findall(document.read_text()))

    assert commands - set(souk.commands) == set()
