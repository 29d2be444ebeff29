"""The gap of a stop-first rollout: how long services did not serve. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from composeroll.report.wording import seconds_text
from composeroll.rollout.steps import (
    DrainReplicas,
    ReplaceReplicas,
    Step,
    StopReplicas,
    WatchIncoming,
)


class Taken(Struct, frozen=True):
    """A finished step, with its times in seconds of one clock."""

    step: Step
    began: float
    ended: float


def gap(taken: Sequence[Taken]) -> str | None:
    """Return how long the gap was at most, as a sentence; None if nothing was stopped first.

    It lasts from the first stop to the end of the last step that starts replicas or switches nginx.
    During later steps, which monitor replicas or drain other services, everything serves.
    """
    stopped = [(one.began, name) for one in taken for name in stops(one.step)]
    if not stopped:
        return None
    waits = (WatchIncoming, DrainReplicas)
    back = max(one.ended for one in taken if not isinstance(one.step, waits))
    names = " and ".join(dict.fromkeys(name for _, name in stopped))
    return f"{names} did not answer for {seconds_text(back - min(stopped)[0])} at most"


def stops(step: Step) -> Iterator[str]:
    """Yield the service that has a gap from this step on, if there is one."""
    match step:
        case StopReplicas(gap=True) | ReplaceReplicas(gap=True):
            yield step.service
