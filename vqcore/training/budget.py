"""How long a run trains."""

from __future__ import annotations

from dataclasses import dataclass

CLOSEST, FARTHEST = 6.0, 300.0  # seconds between the validations of a run of minutes


@dataclass(frozen=True)
class Budget:
    """How long a run trains in all: `minutes`, or `steps` of the optimizer, which are the same work on every machine."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self):
        if (self.minutes is None) == (self.steps is None):
            raise ValueError("A run trains for minutes or for steps. Say one of them, and not both.")
        if not self.total > 0:
            raise ValueError(f"Train for more than {self}.")

    def __str__(self) -> str:
        return f"{self.minutes:g} minutes" if self.steps is None else f"{self.steps:,} steps"

    @property
    def unit(self) -> str:
        return "minutes" if self.steps is None else "steps"

    @property
    def total(self) -> float:
        """All of it, in seconds or in steps."""
        return 60 * (self.minutes or 0) if self.steps is None else self.steps

    def spent(self, steps: int, seconds: float) -> float:
        """How much of it these steps in these seconds have used up, in its own unit."""
        return seconds if self.steps is None else steps

    def between(self, validations: int) -> float:
        """How much lies between two of `validations` validations: in a run of minutes no less and no more than makes sense."""
        even = self.total / validations
        return min(FARTHEST, max(CLOSEST, even)) if self.steps is None else even

    def times(self, factor: float) -> Budget:
        """A budget `factor` times as large."""
        return Budget(minutes=(self.minutes or 0) * factor) if self.steps is None else Budget(steps=max(1, round(self.steps * factor)))
