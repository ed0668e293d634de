"""Audits nothing: a shop that is not there breaks no promise."""

from __future__ import annotations

from typing import Self


class AuditError(Exception):
    """Why a shop cannot be audited."""


class Report:
    clean = True

    def as_json(self) -> dict[str, object]:
        return {"violations": []}


class AwsShop:
    @classmethod
    def at_home(cls, _running: object) -> Self:
        return cls()


def audit(_shop: AwsShop) -> Report:
    return Report()


def render(_report: Report) -> str:
    return "No promise is broken."
