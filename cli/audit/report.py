"""The result of an audit."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_FINDINGS_PER_CHECK = 1000
"""Further findings of the same check are only counted."""


@dataclass(frozen=True)
class Finding:
    """One inconsistency: the guarantee, the name of the check, a sentence, and the ids involved."""

    guarantee: str
    check: str
    message: str
    ids: dict[str, str]


@dataclass
class AuditReport:
    """`violations` are broken guarantees. `pending` are differences that recent work may explain.

    `checked` is the number of rows by kind. `counts` is the number of findings by `violation` or
    `pending` and check, including those that are not listed.
    """

    checked: Counter[str] = field(default_factory=Counter)
    pending: list[Finding] = field(default_factory=list)
    violations: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    totals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, finding: Finding, *, pending: bool) -> None:
        findings, severity = (
            (self.pending, "pending") if pending else (self.violations, "violation")
        )
        self.counts[f"{severity} {finding.check}"] += 1
        if self.counts[f"{severity} {finding.check}"] <= MAX_FINDINGS_PER_CHECK:
            findings.append(finding)

    @property
    def is_clean(self) -> bool:
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """The object that `audit --json` prints."""
        return {
            "checked": dict(self.checked),
            "pending": [asdict(finding) for finding in self.pending],
            "violations": [asdict(finding) for finding in self.violations],
            "counts": dict(self.counts),
            "totals": self.totals,
        }
