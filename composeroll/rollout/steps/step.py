"""The shape of a step."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from composeroll.rollout.world import World


class Step(Struct, frozen=True, kw_only=True):
    """One named effect of a rollout. It is planned, printed and run as the same object.

    Attributes:
        reason: why the plan holds it.
        comes_back: whether taking it back is worth telling; what was removed does not come back.
        moves_traffic: whether requests reach other replicas after it.
    """

    comes_back: ClassVar[bool] = True
    moves_traffic: ClassVar[bool] = False

    reason: str = field(default="")

    @property
    def line(self) -> str:
        """The step's line in a plan."""
        return f"{self}  ({self.reason})" if self.reason else str(self)

    def do(self, world: World) -> None:
        """Bring about what the step says. Targets are absolute: doing it twice does no harm."""
        raise NotImplementedError

    def untouched(self, world: World) -> bool:
        """Whether what it works on is as this run knows it. The default: nobody else could tell."""
        del world
        return True

    def undo(self, world: World) -> None:
        """Take it back, also when it was only half done. The default: nothing was changed."""
