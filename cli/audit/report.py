"""What an audit found."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 1000
"""So many findings of one kind are named with their ids; the rest are counted."""


@dataclass(frozen=True)
class Finding:
    """One difference: the guarantee it touches, a sentence, and the ids to look at."""

    guarantee: str
    kind: str
    says: str
    ids: dict[str, str]


@dataclass
class Report:
    """Violations are broken promises; pending is what young work still explains."""

    checked: Counter[str] = field(default_factory=Counter)
    pending: list[Finding] = field(default_factory=list)
    violations: list[Finding] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    totals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, finding: Finding, *, pending: bool) -> None:
        where, name = (self.pending, "pending") if pending else (self.violations, "violation")
        self.found[f"{name} {finding.kind}"] += 1
        if self.found[f"{name} {finding.kind}"] <= SHOWN:
            where.append(finding)

    @property
    def clean(self) -> bool:
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """The object `audit --json` prints."""
        return {
            "checked": dict(self.checked),
            "pending": [asdict(each) for each in self.pending],
            "violations": [asdict(each) for each in self.violations],
            "found": dict(self.found),
            "totals": self.totals,
        }
