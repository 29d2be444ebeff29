"""Let an nginx finish its requests and exit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from composeroll.config.durations import format_duration
from composeroll.errors import GatewayError, NotReady
from composeroll.model import Hook, Replica
from composeroll.report.events import Draining, Warned
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.start import CreateReplicas, StartReplicas
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

POLL = 0.1
"""Seconds between two checks of nginx's workers; one check costs the engine about 30 ms."""

Heed = Callable[[World, Collection[Replica]], None]

KEEPS_SERVING = "the old nginx keeps serving"


class CreateGateways(CreateReplicas, frozen=True):
    """Have compose create the new nginx containers.

    Only later steps of the rollout start them. But an operator's `up --scale` starts what it finds;
    a container that takes requests by then finishes them before it is removed.
    """

    def _lead_away_from(self, made: Sequence[Replica], world: World) -> None:
        tell_to_quit(world, made)
        await_end(world, made, self.timeout)


class StartGateways(StartReplicas, frozen=True):
    """Start the new nginx containers; in a rollback they finish their requests.

    Attributes:
        timeout: seconds that this may take.
        beside: whether old ones are to take requests at the same time.
    """

    timeout: float = 0.0
    beside: bool = False

    def __str__(self) -> str:
        return f"start the new {self.service}"

    def undo(self, world: World) -> None:
        """Quit them: waiting connections are handed to the old one's sockets.

        Raises:
            GatewayError: a new one takes requests and the old one no longer does, as after a
                rollout cut off past the point of no return; or the old one was removed.
        """
        begun = self.before.newcomers(world, self.service)
        if self.beside and begun and self._is_alone(world, begun):
            raise GatewayError(f"no other {self.service} takes requests: {names(begun)} stays")
        tell_to_quit(world, begun)
        await_end(world, begun, self.timeout)

    def _is_alone(self, world: World, begun: Collection[Replica]) -> bool:
        """Whether only the new ones take requests, or the old ones were removed."""
        if self.before.is_gone(world, self.service):
            return True
        others = [r for r in world.engine.replicas([self.service]) if r.id in self.before.ids]
        return _takes_any(world, begun) and not _takes_any(world, others)


class QuitGateways(Step, frozen=True):
    """Have the old nginx close its listening sockets and finish its requests.

    Attributes:
        hooks: the service's `pre_stop` hooks, which run first.
        grace: seconds that each hook may take at least.
    """

    moves_traffic: ClassVar[bool] = True

    replicas: tuple[Replica, ...]
    hooks: tuple[Hook, ...] = ()
    grace: float | None = None

    def __str__(self) -> str:
        return f"quit {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Tell them to quit, and the engine not to restart them once they have.

        Raises:
            NotReady: no other nginx takes requests any more; a hook may have taken a minute.
        """
        for service in {replica.service for replica in self.replicas}:
            run_stop_hooks(world, service, self.replicas, self.hooks, self.grace)
        if _takes_any(world, self.replicas):
            _require_others(world, self.replicas)
        tell_to_quit(world, self.replicas)


class AwaitGatewaysEnd(Step, frozen=True):
    """Wait until the old nginx has finished its last request."""

    replicas: tuple[Replica, ...]
    timeout: float

    def __str__(self) -> str:
        return f"await the end of {names(self.replicas)} for up to {format_duration(self.timeout)}"

    def do(self, world: World) -> None:
        """Wait, up to `timeout`; the stop that follows cuts what is left.

        Raises:
            NotReady: one was restarted, and no other nginx takes requests any more.
        """
        await_end(world, self.replicas, self.timeout, self._quit_restarted)

    def _quit_restarted(self, world: World, left: Collection[Replica]) -> None:
        """Quit those restarted by an operator, or by the engine before that was forbidden."""
        starts = {replica.id: replica.started_at for replica in self.replicas}
        again = [r for r in left if r.started_at != starts[r.id] and world.nginx.serves(r)]
        if again:
            _require_others(world, self.replicas)
        for replica in again:
            world.nginx.quit(replica)


def tell_to_quit(world: World, replicas: Collection[Replica]) -> None:
    """Tell these nginx containers to quit, and the engine to let them."""
    world.engine.forbid_restart(ids(replicas))
    for replica in _running(world, replicas):
        world.nginx.quit(replica)


def await_end(
    world: World, replicas: Collection[Replica], timeout: float, heed: Heed = lambda *_: None
) -> None:
    """Wait until these nginx containers have ended, or warn that they have not.

    Args:
        world: where they are.
        replicas: those that were told to quit.
        timeout: seconds, at most.
        heed: called at every check with those that still run.
    """
    end = world.clock.now() + timeout
    while left := _running(world, replicas):
        heed(world, left)
        workers = sum(map(world.nginx.workers, left))
        if world.clock.now() >= end:
            waited = format_duration(timeout)
            hold = "holds" if len(left) == 1 else "hold"
            held = f"after {waited} {names(left)} still {hold} connections: they are cut"
            world.emit(Warned(held))
            return
        world.emit(Draining(workers))
        world.clock.wait(POLL)
    world.emit(Draining(0))


def _require_others(world: World, leaving: Collection[Replica]) -> None:
    everyone = world.engine.replicas([replica.service for replica in leaving])
    excluded = ids(leaving)
    if not _takes_any(world, [replica for replica in everyone if replica.id not in excluded]):
        raise NotReady(
            f"no other nginx takes requests any more: {names(leaving)} stays", KEEPS_SERVING
        )


def _takes_any(world: World, replicas: Collection[Replica]) -> bool:
    return any(map(world.nginx.serves, _running(world, replicas)))


def _running(world: World, replicas: Collection[Replica]) -> tuple[Replica, ...]:
    found = (world.nginx.find(replica.id) for replica in replicas)
    return tuple(r for r in found if r and r.running)
