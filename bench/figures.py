"""Figures of a step: of the shop, of the floor, and their ratio with its spread."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

RESAMPLES = 1000


@dataclass(frozen=True)
class Target:
    """What a step must reach: a ratio to the floor, or a figure of the shop alone."""

    most: float
    of: str = "ratio"  # or "shop"

    def met(self, figures: "Figures") -> bool:
        return (figures.ratio if self.of == "ratio" else median(figures.shop)) <= self.most

    def __str__(self) -> str:
        return f"≤ {self.most:g}" + (" x floor" if self.of == "ratio" else "")


@dataclass(frozen=True)
class Figures:
    """One step, measured on both in turn, or of the shop alone; a lower figure is a better one."""

    step: str
    unit: str
    shop: Sequence[float]
    floor: Sequence[float]
    target: Target | None = None

    @property
    def compared(self) -> bool:
        """Whether the floor does this, too."""
        return bool(self.floor)

    @property
    def ratio(self) -> float:
        """Of the medians; only of a step that is compared."""
        return median(self.shop) / median(self.floor)

    def spread(self) -> tuple[float, float]:
        """Where the ratio of the medians lies in 95 of 100 resamples of the pairs (bootstrap)."""
        chance = random.Random(1)  # noqa: S311  the same figures give the same spread
        pairs = list(zip(self.shop, self.floor, strict=True))
        ratios = sorted(_ratio(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
        return ratios[RESAMPLES * 25 // 1000], ratios[RESAMPLES * 975 // 1000 - 1]

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "samples": len(self.shop),
            "shop": _summary(self.shop),
            **(self._beside_the_floor() if self.compared else {}),
            "target": str(self.target) if self.target else None,
            "met": self.target.met(self) if self.target else None,
        }

    def _beside_the_floor(self) -> dict[str, Any]:
        low, high = self.spread()
        ratio = {"p50": round(self.ratio, 3), "low": round(low, 3), "high": round(high, 3)}
        return {"floor": _summary(self.floor), "ratio": ratio}


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return median(shop for shop, _ in pairs) / median(floor for _, floor in pairs)


def _summary(values: Sequence[float]) -> dict[str, float]:
    p90 = quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]
    return {"p50": round(median(values), 2), "p90": round(p90, 2)}
