"""Point nginx at other replicas, in all gateways or in none, and back."""

from __future__ import annotations

from typing import ClassVar

from composeroll.errors import EngineError, GatewayError
from composeroll.report.events import Noted, Warned
from composeroll.rollout.steps.drain import await_old_workers_gone
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import Texts, World


class SwitchUpstreams(Step, frozen=True):
    """Write the includes, test, reload, and see that nginx took it: in all gateways, or in none.

    Attributes:
        timeout: seconds the way back waits for requests that the new replicas have begun.
    """

    moves_traffic: ClassVar[bool] = True

    switches: tuple[Switch, ...]
    timeout: float

    def __str__(self) -> str:
        upstreams, services, place = _told(self.switches)
        return f"point {upstreams} at what is ready of {services}{place}"

    def do(self, world: World) -> None:
        """One write, one test and one reload for all upstreams.

        Raises:
            NotReady: a replica that had proved itself does not run any more, or runs again.
            GatewayError: nginx did not take it; it has its old configuration.
        """
        texts: dict[str, dict[str, str | None]] = {}
        everyone = world.engine.replicas([s.incoming.service for s in self.switches])
        for switch in self.switches:
            replicas = switch.named_among(everyone, world)
            for container, text in switch.texts_for(world.project, replicas).items():
                texts.setdefault(container, {}).update(text)
        world.gateways.switch(texts, lambda: _texts_back(self.switches, world))

    def untouched(self, world: World) -> bool:
        """Whether nobody else has written the includes."""
        return all(
            world.gateways.untouched(container, switch.route.include)
            for switch in self.switches
            for container in switch.route.containers
        )

    def undo(self, world: World) -> None:
        """Put the previous includes back, then wait for the workers that knew the new replicas."""
        _put_back(self.switches, world, self.timeout)


PINNING = 10.0
"""Seconds for old workers to let idle clients go; what they have begun is on an old replica."""


class PinUpstreams(SwitchUpstreams, frozen=True):
    """Name the replicas that serve now, where nginx goes by a name.

    The engine's DNS gives a service's name to new replicas as soon as they start, ready or not.
    """

    def __str__(self) -> str:
        upstreams, services, place = _told(self.switches)
        return f"pin {upstreams} to what serves of {services} now{place}"

    def do(self, world: World) -> None:
        """Switch, then wait for the workers that still go by the name.

        Raises:
            GatewayError: nginx did not take it; it has its old configuration.
        """
        SwitchUpstreams.do(self, world)
        await_old_workers_gone(world, min(self.timeout, PINNING))

    def undo(self, world: World) -> None:
        """Put the name back; where that cannot be, what serves is named, which is as right.

        A name that nginx resolves itself is not put back: it asks for it only after the reload, and
        answers 502 until it knows (measured: in 1 of 10 reloads, at 600 requests/s).
        """
        resolved = tuple(s for s in self.switches if s.previous.resolves)
        others = tuple(s for s in self.switches if not s.previous.resolves)
        try:
            if _differ(_texts_back(resolved, world), world):
                world.emit(Noted(f"{_includes(resolved)} goes on naming what serves now"))
            _put_back(others, world, self.timeout)
        except (EngineError, GatewayError) as error:
            pinned = _includes(self.switches)
            world.emit(Warned(f"{pinned} goes on naming what serves now: {error.what}"))


def _put_back(switches: tuple[Switch, ...], world: World, timeout: float) -> None:
    """The texts of before, and the end of all workers that knew others.

    A gateway that took the new include and gave it back itself has such workers too. One may have
    the old file and still run by the new one, since the reload that was to take it back has failed:
    so all are told again. One that refuses to reload what its files say already took nothing else,
    unless a reload of ours is known to have reached it, or its answer was lost.
    """
    if not switches:
        return
    previous = _texts_back(switches, world)
    changed = _differ(previous, world)
    try:
        world.gateways.restore(previous)
    except GatewayError:
        if (changed or not world.gateways.settled) and _gateway_runs(switches, world):
            raise
    new = [r for switch in switches for r in switch.incoming.look_up(world)]
    try:
        await_old_workers_gone(world, timeout, new)
    except GatewayError:
        if _gateway_runs(switches, world):
            raise  # its workers may still know the new replicas, which therefore stay


def _gateway_runs(switches: tuple[Switch, ...], world: World) -> bool:
    """Whether there is an nginx at all that could have workers."""
    containers = {c for switch in switches for c in switch.route.containers}
    gateways = world.engine.replicas(sorted({s.route.gateway for s in switches}))
    return any(r.running and r.id in containers for r in gateways)


def _texts_back(switches: tuple[Switch, ...], world: World) -> Texts:
    """The texts of before, of all the includes."""
    texts: dict[str, dict[str, str | None]] = {}
    for switch in switches:
        for container, text in switch.texts_back(world).items():
            texts.setdefault(container, {})[switch.route.include] = text
    return texts


def _differ(previous: Texts, world: World) -> bool:
    """Whether an include holds something else than these texts, or cannot be read."""

    def differs(container: str, path: str, text: str | None) -> bool:
        try:
            return world.gateways.read(container, path) != text
        except (EngineError, GatewayError):
            return True  # somebody has removed that gateway: no other is to be forgotten for it

    return any(
        differs(container, path, text)
        for container, texts in previous.items()
        for path, text in texts.items()
    )


def _includes(switches: tuple[Switch, ...]) -> str:
    return ", ".join(switch.route.include for switch in switches)


def _told(switches: tuple[Switch, ...]) -> tuple[str, str, str]:
    """Upstreams, services, and where: the one file by its path, of several the gateways alone."""
    services = ", ".join(s.incoming.service for s in switches)
    if len(switches) == 1:
        route = switches[0].route
        return f"upstream {route.upstream}", services, f": {route.include} in {route.gateway}"
    upstreams = ", ".join(s.route.upstream for s in switches)
    gateways = ", ".join(dict.fromkeys(s.route.gateway for s in switches))
    return f"upstreams {upstreams}", services, f", in {gateways}"
