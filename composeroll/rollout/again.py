"""Look again at services that were looked at before: an nginx that was seen is to be seen still."""

from __future__ import annotations

from composeroll.errors import GatewayUnread, Refused
from composeroll.rollout.observe import observe
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps.drain import RESTART

PAUSE = 0.5
"""Seconds between two looks, each of which runs some processes in every gateway."""


SERVING = "what serves now keeps serving, and what this run has done stays"


def look_again(stack: Stack, before: Observed, *, preflight: bool = False) -> Observed:
    """The services as they are now. An nginx that is only just being restarted is waited for.

    Without it a service would look like one that nobody sends requests to, and be rolled as such.

    Args:
        stack: where to look.
        before: the look before.
        preflight: whether it is asked what would stand in the way of a rollout.

    Raises:
        Refused: a service that had its place in an nginx, or was one, has none any more; or no
            gateway can be read any more.
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
    return _unseen(lost[0]) if lost else now


def _had_a_place(state: ServiceState) -> bool:
    return bool(state.wiring or state.front)


def _unseen(state: ServiceState) -> Refused:
    why = state.refusal
    return Refused(
        f"nginx is no longer seen in front of {state.name}{f': {why.what}' if why else ''}",
        SERVING,
        help=(why.help if why else None)
        or "make sure that it runs, then run the same command again",
        evidence=why.evidence if why else (),
    )
