"""Observe services again, and require that each nginx that was there before is still there."""

from __future__ import annotations

from composeroll.errors import GatewayUnread, Refused
from composeroll.rollout.observing.observe import observe
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps.drain import RESTART

PAUSE = 0.5
"""Seconds between two observations, each of which runs some processes in every gateway."""


SERVING = "what serves now keeps serving, and what this run has done stays"


def look_again(stack: Stack, before: Observed, *, preflight: bool = False) -> Observed:
    """Observe the services again; wait for an nginx that is just being restarted.

    Without its nginx, a service would look like a background service, and be replaced without a
    switch.

    Args:
        stack: the project and the rooms that work on it.
        before: the previous observation.
        preflight: whether to ask compose what scaling up would break.

    Raises:
        Refused: a service no longer has the place in nginx that it had, or is no longer an nginx;
            or no gateway can be read.
    """
    end = stack.world.clock.now() + RESTART
    while isinstance(now := _look(stack, before, preflight=preflight), Refused):
        if stack.world.clock.now() >= end:
            raise now
        stack.world.clock.wait(PAUSE)
    return now


def _look(stack: Stack, before: Observed, *, preflight: bool) -> Observed | Refused:
    services = [state.service for state in before.services]
    try:
        now = observe(stack.project, services, stack.engine, stack.survey, preflight=preflight)
    except GatewayUnread as why:
        why.serving = SERVING
        return why
    pairs = zip(before.services, now.services, strict=True)
    lost = [new for old, new in pairs if _had_a_place(old) and not _had_a_place(new)]
    return _lost(lost[0]) if lost else now


def _had_a_place(state: ServiceState) -> bool:
    return bool(state.wiring or state.front)


def _lost(state: ServiceState) -> Refused:
    why = state.refusal
    return Refused(
        f"nginx is no longer seen in front of {state.name}{f': {why.what}' if why else ''}",
        SERVING,
        help=(why.help if why else None)
        or "make sure that it runs, then run the same command again",
        evidence=why.evidence if why else (),
    )
