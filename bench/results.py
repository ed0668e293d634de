"""The result of a step: the shop's values, the floor's, and their ratio with its interval."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

RESAMPLES = 1000


@dataclass(frozen=True)
class Target:
    """An upper limit, for the ratio to the floor or for the shop's own median."""

    maximum: float
    of: str = "ratio"  # or "shop"

    def is_met_by(self, result: "StepResult") -> bool:
        value = result.ratio if self.of == "ratio" else median(result.shop)
        return value <= self.maximum

    def __str__(self) -> str:
        return f"≤ {self.maximum:g}" + (" x floor" if self.of == "ratio" else "")


@dataclass(frozen=True)
class StepResult:
    """One step, measured alternately on shop and floor, or on the shop alone (no floor values).

    Lower values are better.
    """

    step: str
    unit: str
    shop: Sequence[float]
    floor: Sequence[float]
    target: Target | None = None

    @property
    def is_compared(self) -> bool:
        """Whether the floor was measured, too."""
        return bool(self.floor)

    @property
    def ratio(self) -> float:
        """Ratio of the medians. Only for a compared step."""
        return median(self.shop) / median(self.floor)

    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the ratio, by bootstrapping the pairs of values."""
        generator = random.Random(1)  # noqa: S311  the same values give the same interval
        pairs = list(zip(self.shop, self.floor, strict=True))
        ratios = sorted(_ratio(generator.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
        return ratios[RESAMPLES * 25 // 1000], ratios[RESAMPLES * 975 // 1000 - 1]

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "samples": len(self.shop),
            "shop": _percentiles(self.shop),
            **(self._comparison() if self.is_compared else {}),
            "target": str(self.target) if self.target else None,
            "met": self.target.is_met_by(self) if self.target else None,
        }

    def _comparison(self) -> dict[str, Any]:
        low, high = self.interval()
        ratio = {"p50": round(self.ratio, 3), "low": round(low, 3), "high": round(high, 3)}
        return {"floor": _percentiles(self.floor), "ratio": ratio}


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return median(shop for shop, _ in pairs) / median(floor for _, floor in pairs)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    p90 = quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]
    return {"p50": round(median(values), 2), "p90": round(p90, 2)}
