"""How large is a share, and how sure is that? Counts with their interval, so that 3 of 4 is never just 75 %."""

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution."""

FEWEST = 20
"""Below this many cases no sentence says that two shares differ."""


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``total``."""

    hits: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.total:
            raise ValueError(f"expected 0 <= hits <= total, got {self.hits} of {self.total}")

    @property
    def value(self) -> float | None:
        """Return the share, 0 to 1; None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212); everything from 0 to 1 of nothing."""
        if not self.total:
            return (0.0, 1.0)
        share, n, z2 = self.hits / self.total, self.total, Z_95**2
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return (max(0.0, middle - reach), min(1.0, middle + reach))

    def compare(self, before: "Share") -> str:
        """Return ``higher`` or ``lower`` than another share, ``alike`` where their intervals meet, or ``too few``."""
        if min(self.total, before.total) < FEWEST:
            return "too few"
        (low, high), (was_low, was_high) = self.interval, before.interval
        if low > was_high:
            return "higher"
        return "lower" if high < was_low else "alike"

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        low, high = self.interval
        return (
            f"{self.hits:,} of {self.total:,} ({100 * self.value:.0f} %, 95 % interval {100 * low:.0f} to {100 * high:.0f} %)"
        )
