"""Every service of the registry is complete, and what is missing is named with its file."""

import shutil
from pathlib import Path

import pytest

from infra.service_checks import SOURCE, find_mistakes
from souk.runtime.routes import Request
from souk.services import SERVICES, Service


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the services' folders."""
    return shutil.copytree(SOURCE, tmp_path / "souk", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_services_have_no_mistakes() -> None:
    assert list(find_mistakes()) == []


def test_every_service_declares_something() -> None:
    for service in SERVICES:
        assert service.routes or service.subscriptions, service.name


def test_a_folder_without_a_line_in_the_registry_is_reported(source: Path) -> None:
    (source / "stickers").mkdir()
    (source / "stickers" / "__init__.py").touch()

    assert list(find_mistakes(source)) == [
        "src/souk/services.py: add a line for the service stickers."
    ]


def test_a_missing_readme_is_reported(source: Path) -> None:
    (source / "basket" / "README.md").unlink()

    (mistake,) = find_mistakes(source)

    assert mistake.startswith("src/souk/basket/README.md: is missing")


def test_a_handler_without_a_route_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_wish_list(_request: Request) -> None: ...

    read_wish_list.__module__ = "souk.basket.handlers"
    monkeypatch.setattr("souk.basket.handlers.read_wish_list", read_wish_list, raising=False)

    (mistake,) = find_mistakes()

    assert mistake.startswith("src/souk/basket/handlers.py: read_wish_list takes a Request but")


def test_a_service_without_a_construct_is_named_with_its_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("souk.basket.infra.Basket")

    assert list(find_mistakes()) == ["src/souk/basket/infra.py: add the construct Basket."]


def test_a_line_without_a_folder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.service_checks.SERVICES", (Service("stickers"), *SERVICES))

    assert list(find_mistakes()) == ["src/souk/services.py: there is no package src/souk/stickers."]


def test_a_service_below_operations_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.service_checks.SERVICES", (*SERVICES[:-2], *SERVICES[:-3:-1]))

    (mistake,) = find_mistakes()

    assert mistake.startswith("src/souk/services.py: operations must be the last line")
