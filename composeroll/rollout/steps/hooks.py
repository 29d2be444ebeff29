"""Run the `pre_stop` hooks of the compose file in containers before they are stopped."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from composeroll.errors import EngineError
from composeroll.model import Hook, Output, Replica
from composeroll.report.events import Warned
from composeroll.rollout.world import World

HOOK_SECONDS = 60.0
"""Seconds that each hook may take at least; compose itself waits without a limit."""


def run_stop_hooks(
    world: World,
    service: str,
    replicas: Collection[Replica],
    hooks: Sequence[Hook],
    grace: float | None,
) -> None:
    """Run the hooks in each running replica, one after the other; a failure is only a warning.

    Each may take `HOOK_SECONDS`, or the service's `grace` (seconds) if that is longer.
    """
    if not hooks:
        return
    seconds = max(HOOK_SECONDS, grace or 0.0)
    leaving = {replica.id for replica in replicas}
    for replica in _as_they_are(world, service):
        if replica.id in leaving and replica.running:
            for hook in hooks:
                _run(world, replica, hook, seconds)


def _as_they_are(world: World, service: str) -> tuple[Replica, ...]:
    """Return the service's replicas, those that drain after their rollout included."""
    detached = (one.replica for one in world.engine.detached([service]))
    return (*world.engine.replicas([service]), *detached)


def _run(world: World, replica: Replica, hook: Hook, seconds: float) -> None:
    try:
        output = world.engine.run_hook(replica.id, hook, seconds)
    except EngineError as error:  # the container has ended, or has no such user
        output = Output(1, error.what)
    if output.exit_code:
        said = "; ".join(output.lines[-3:])
        world.emit(Warned(f"pre_stop of {replica.name} ended with {output.exit_code}: {said}"))
