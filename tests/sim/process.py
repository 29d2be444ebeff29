"""One run of composeroll, as the simulated world sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.faults import Fault


@dataclass(eq=False, slots=True)
class Process:
    """One run; number 0 stands for the world itself.

    Attributes:
        rolled: the services that it may change; None for the world, which may do anything.
        scales: whether it may remove what is beyond a count.
        count: how many replicas of each service it is asked for, None where it is not.
        forces: whether it may remove what is up to date.
        faults: what goes wrong, by the number of the moment.
        moves: what the world does, by the number of the moment before which it happens.
        trace: what every moment was, in order.
        changes: the numbers of those that change something.
        asked: the numbers of those that only ask.
        dead: whether it was killed.
        ends_at: when a signal reaches it, for good.
        shields: how many shields against signals it stands behind.
        looked: how often the world had moved when it last read each service's containers.
        saw_nginx: how often it had moved when it last asked whether an nginx takes requests.
        began: how often it had moved when it first read containers.
        listed: full IDs that it may remove.
        has_written: whether it has told nginx anything.
        stale: addresses that were wrong in an upstream when it last looked before it did so.
    """

    number: int = 0
    rolled: AbstractSet[str] | None = None
    scales: bool = False
    count: int | None = None
    forces: bool = False
    faults: Mapping[int, Fault] = field(default_factory=dict)
    moves: dict[int, Sequence[Callable[[], None]]] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    struck: list[Fault] = field(default_factory=list)
    dead: bool = False
    interrupted: bool = False
    ends_at: float = float("inf")
    shields: int = 0
    looked: dict[str, int] = field(default_factory=dict)
    saw_nginx: int = 0
    has_looked: bool = False
    has_written: bool = False
    began: int = 0
    listed: set[str] = field(default_factory=set)
    stale: set[tuple[str, str]] = field(default_factory=set)
