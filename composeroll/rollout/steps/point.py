"""Point nginx at other replicas, in all gateways or in none, and back."""

from __future__ import annotations

from typing import ClassVar

from composeroll.errors import EngineError, GatewayError
from composeroll.report.events import Noted, Warned
from composeroll.rollout.steps.drain import await_old_workers_gone
from composeroll.rollout.steps.joined import joined
from composeroll.rollout.steps.put_back import (
    differ,
    gateways_of,
    put_back,
    texts_back,
    texts_before,
)
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


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
        return f"point {upstreams} at the ready replicas of {services}{place}"

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
        world.gateways.switch(texts, lambda: texts_back(self.switches, world))

    def untouched(self, world: World) -> bool:
        """Whether nobody else has written the includes."""
        return all(
            world.gateways.untouched(container, switch.route.include)
            for switch in self.switches
            for container in switch.route.containers
        )

    def undo(self, world: World) -> None:
        """Put the previous includes back, then wait for the workers that knew the new replicas.

        Raises:
            GatewayError: an nginx may go by the new includes, so that what they name has to stay.
        """
        put_back(self.switches, world, self.timeout)
        if late := next(joined(world, [switch.route for switch in self.switches]), None):
            raise GatewayError(f"{late.name} takes requests, and was told nothing of the way back")


PINNING = 10.0
"""Seconds for old workers to let idle clients go; what they have begun is on an old replica."""


class PinUpstreams(SwitchUpstreams, frozen=True):
    """Name the replicas that serve now, where nginx goes by a name.

    The engine's DNS gives a service's name to new replicas as soon as they start, ready or not.
    """

    def __str__(self) -> str:
        upstreams, services, place = _told(self.switches)
        return f"pin {upstreams} to the replicas of {services} that serve now{place}"

    def do(self, world: World) -> None:
        """Switch, then wait for the workers that still go by the name.

        Raises:
            GatewayError: nginx did not take it; it has its old configuration.
        """
        SwitchUpstreams.do(self, world)
        await_old_workers_gone(world, gateways_of(self.switches), min(self.timeout, PINNING))

    def undo(self, world: World) -> None:
        """Put the name back; where that cannot be, what serves is named, which is as right.

        A name that nginx resolves itself is not put back: it asks for it only after the reload, and
        answers 502 until it knows (measured: in 1 of 10 reloads, at 600 requests/s).
        """
        resolved = tuple(s for s in self.switches if s.previous.resolves)
        others = tuple(s for s in self.switches if not s.previous.resolves)
        try:
            if differ(texts_before(resolved), world):
                world.emit(Noted(f"{_includes(resolved)} goes on naming what serves now"))
            put_back(others, world, self.timeout)
        except (EngineError, GatewayError) as error:
            pinned = _includes(self.switches)
            world.emit(Warned(f"{pinned} goes on naming what serves now: {error.what}"))


class LeaveToOthers(SwitchUpstreams, frozen=True):
    """Name the others alone, while those that stop first are replaced."""

    moves_traffic: ClassVar[bool] = False


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
