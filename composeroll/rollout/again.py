"""Look again at services that were looked at before: an nginx that was seen is to be seen still."""

from __future__ import annotations

from composeroll.errors import Refused
from composeroll.rollout.observe import observe
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps.drain import RESTART

PAUSE = 0.5
"""Seconds between two looks, each of which runs some processes in every gateway."""


def look_again(stack: Stack, before: Observed, *, preflight: bool = False) -> Observed:
    """The services as they are now. An nginx that is only just being restarted is waited for.

    Without it a service would look like one that nobody sends requests to, and be rolled as such.

    Args:
        stack: where to look.
        before: the look before.
        preflight: whether it is asked what would stand in the way of a rollout.

    Raises:
        Refused: a service that had its place in an nginx, or was one, has none any more.
    """
    services = [state.service for state in before.services]
    end = stack.world.clock.now() + RESTART
    while True:
        now = observe(stack.project, services, stack.engine, stack.survey, preflight=preflight)
        pairs = zip(before.services, now.services, strict=True)
        lost = [new for old, new in pairs if _had_a_place(old) and not _had_a_place(new)]
        if not lost:
            return now
        if stack.world.clock.now() >= end:
            raise _unseen(lost[0])
        stack.world.clock.wait(PAUSE)


def _had_a_place(state: ServiceState) -> bool:
    return bool(state.wiring or state.front)


def _unseen(state: ServiceState) -> Refused:
    why = state.refusal
    return Refused(
        f"nginx is not seen in front of {state.name} any more{f': {why.what}' if why else ''}",
        help=(why.help if why else None) or "see that it runs, then run the same command again",
        evidence=why.evidence if why else (),
    )
