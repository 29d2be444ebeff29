"""The base class of all steps."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from composeroll.rollout.world import World


class Step(Struct, frozen=True, kw_only=True):
    """One named effect of a rollout; the same object is planned, printed and run.

    Attributes:
        reason: why the plan contains it.
        reports_undo: whether its undo is worth reporting; what was removed does not come back.
        moves_traffic: whether it changes which replicas get requests.
    """

    reports_undo: ClassVar[bool] = True
    moves_traffic: ClassVar[bool] = False

    reason: str = field(default="")

    @property
    def line(self) -> str:
        """The step's line in a plan."""
        return f"{self}  ({self.reason})" if self.reason else str(self)

    def do(self, world: World) -> None:
        """Carry out the step. Targets are absolute, so running it twice is harmless."""
        raise NotImplementedError

    def untouched(self, world: World) -> bool:
        """Return whether no other process has changed what the step changed; True by default."""
        del world
        return True

    def undo(self, world: World) -> None:
        """Undo the step, even if it is only half done. By default there is nothing to undo."""
