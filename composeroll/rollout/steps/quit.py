"""Let an nginx end what it has and go."""

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
"""Seconds between two looks at nginx's workers; one look costs the engine about 30 ms."""

Heed = Callable[[World, Collection[Replica]], None]

SERVES_ON = "the old nginx keeps serving"


class CreateGateways(CreateReplicas, frozen=True):
    """Have compose create the new nginx containers.

    Only the rollout's next steps start them; but an operator's `up --scale` starts what it finds,
    and one that takes requests by then ends them before it goes.
    """

    def _lead_away_from(self, made: Sequence[Replica], world: World) -> None:
        tell_to_quit(world, made)
        await_end(world, made, self.timeout)


class StartGateways(StartReplicas, frozen=True):
    """Start the new nginx containers; on the way back they end what they have begun.

    Attributes:
        timeout: seconds that may take.
        beside: whether old ones are to take requests meanwhile.
    """

    timeout: float = 0.0
    beside: bool = False

    def __str__(self) -> str:
        return f"start the new {self.service}"

    def undo(self, world: World) -> None:
        """Quit them: connections that wait are handed to the old one's sockets.

        Raises:
            GatewayError: the old one takes none any more, as after a rollout that was cut off past
                its line, and a new one does; or somebody has removed the old one.
        """
        begun = self.before.newcomers(world, self.service)
        if self.beside and begun and self._is_alone(world, begun):
            raise GatewayError(f"no other {self.service} takes requests: {names(begun)} stays")
        tell_to_quit(world, begun)
        await_end(world, begun, self.timeout)

    def _is_alone(self, world: World, begun: Collection[Replica]) -> bool:
        """Only just started, it takes none yet; what it is alone with may be nothing at all."""
        if self.before.is_gone(world, self.service):
            return True
        others = [r for r in world.engine.replicas([self.service]) if r.id in self.before.ids]
        return _takes_any(world, begun) and not _takes_any(world, others)


class QuitGateways(Step, frozen=True):
    """Have the old nginx close its listening sockets and end what it has.

    Attributes:
        hooks: the service's `pre_stop`, which is run before.
        grace: seconds that one of them may take at least.
    """

    moves_traffic: ClassVar[bool] = True

    replicas: tuple[Replica, ...]
    hooks: tuple[Hook, ...] = ()
    grace: float | None = None

    def __str__(self) -> str:
        return f"quit {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Tell them. They must not be started again: to the engine any end is an end.

        Raises:
            NotReady: nobody else takes requests any more; a hook may have taken a minute.
        """
        for service in {replica.service for replica in self.replicas}:
            run_stop_hooks(world, service, self.replicas, self.hooks, self.grace)
        if _takes_any(world, self.replicas):
            _insist_on_others(world, self.replicas)
        tell_to_quit(world, self.replicas)


class AwaitGatewaysEnd(Step, frozen=True):
    """Wait until the old nginx has ended its last request."""

    replicas: tuple[Replica, ...]
    timeout: float

    def __str__(self) -> str:
        return f"await the end of {names(self.replicas)} for up to {format_duration(self.timeout)}"

    def do(self, world: World) -> None:
        """Wait, bounded; what is not over by then is cut by the stop that follows.

        Raises:
            NotReady: one was started again, and nobody else takes requests any more.
        """
        await_end(world, self.replicas, self.timeout, self._quit_anew)

    def _quit_anew(self, world: World, left: Collection[Replica]) -> None:
        """The engine may start one that had crashed as it was forbidden to; so may somebody."""
        starts = {replica.id: replica.started_at for replica in self.replicas}
        anew = [r for r in left if r.started_at != starts[r.id] and world.nginx.serves(r)]
        if anew:
            _insist_on_others(world, self.replicas)
        for replica in anew:
            world.nginx.quit(replica)


def tell_to_quit(world: World, replicas: Collection[Replica]) -> None:
    """Tell these nginx containers to quit, and the engine to let them."""
    world.engine.forbid_restart(ids(replicas))
    for replica in _running(world, replicas):
        world.nginx.quit(replica)


def await_end(
    world: World, replicas: Collection[Replica], timeout: float, heed: Heed = lambda *_: None
) -> None:
    """Wait for the end of these nginx containers, or say that it has not come.

    Args:
        world: where they are.
        replicas: those that were told to quit.
        timeout: seconds, at most.
        heed: given those that run, at every look.
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


def _insist_on_others(world: World, leaving: Collection[Replica]) -> None:
    everyone = world.engine.replicas([replica.service for replica in leaving])
    besides = ids(leaving)
    if not _takes_any(world, [replica for replica in everyone if replica.id not in besides]):
        raise NotReady(f"no other nginx takes requests any more: {names(leaving)} stays", SERVES_ON)


def _takes_any(world: World, replicas: Collection[Replica]) -> bool:
    return any(map(world.nginx.serves, _running(world, replicas)))


def _running(world: World, replicas: Collection[Replica]) -> tuple[Replica, ...]:
    found = (world.nginx.find(replica.id) for replica in replicas)
    return tuple(r for r in found if r and r.running)
