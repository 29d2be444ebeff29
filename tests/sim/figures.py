"""What was counted in many histories."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.world import Sim


@dataclass(slots=True)
class Figures:
    """Counts over histories; they add up.

    Attributes:
        rollouts: runs of composeroll.
        judged: changes after each of which the invariants were asked for.
        passed: how often the turn went from one racing run to another.
        faults: by kind.
        moves: what the world did by itself, by kind.
        ends: how runs ended that something was done to.
    """

    histories: int = 0
    rollouts: int = 0
    judged: int = 0
    races: int = 0
    passed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, sim: Sim) -> None:
        """One history's simulation."""
        self.histories += 1
        self.rollouts += sim.runs
        self.judged += sim.faults.judged
        self.passed += sim.clock.turns.passed
        self.faults.update(sim.faults.struck)
        self.moves.update({str(move): number for move, number in sim.moved.items()})

    def merge(self, other: Figures) -> None:
        """Those of other histories too."""
        for name in ("histories", "rollouts", "judged", "races", "passed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("faults", "moves", "ends"):
            getattr(self, name).update(getattr(other, name))

    def __str__(self) -> str:
        lines = [
            ("histories", self.histories),
            ("rollouts", self.rollouts),
            ("changes judged", self.judged),
            ("races", self.races),
            ("turns passed on in them", self.passed),
        ]
        for title, counts in (
            ("a call or a run", self.faults),
            ("the world:", self.moves),
            ("a run ended with", self.ends),
        ):
            lines += [(f"{title} {name}", number) for name, number in counts.most_common()]
        return "\n".join(f"{number:>12,}  {name}" for name, number in lines)
