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
    """Write the includes, test, reload, and confirm the reload: in all gateways, or in none.

    Attributes:
        timeout: seconds that a rollback waits for requests that the new replicas are serving.
    """

    moves_traffic: ClassVar[bool] = True

    switches: tuple[Switch, ...]
    timeout: float

    def __str__(self) -> str:
        upstreams, services, place = _parts_of_title(self.switches)
        return f"point {upstreams} at the ready replicas of {services}{place}"

    def do(self, world: World) -> None:
        """Switch all upstreams with one write, one test and one reload.

        Raises:
            NotReady: a replica that had proved ready no longer runs, or was restarted.
            GatewayError: nginx did not accept the change; it has its old configuration.
        """
        texts: dict[str, dict[str, str | None]] = {}
        everyone = world.engine.replicas([s.incoming.service for s in self.switches])
        for switch in self.switches:
            replicas = switch.named_among(everyone, world)
            for container, text in switch.texts_for(world.project, replicas).items():
                texts.setdefault(container, {}).update(text)
        world.gateways.switch(texts, lambda: texts_back(self.switches, world))

    def untouched(self, world: World) -> bool:
        """Return whether no other process has written the includes."""
        return all(
            world.gateways.untouched(container, switch.route.include)
            for switch in self.switches
            for container in switch.route.containers
        )

    def undo(self, world: World) -> None:
        """Restore the previous includes, then wait for the workers that knew the new replicas.

        Raises:
            GatewayError: an nginx may still use the new includes, so the replicas they name stay.
        """
        put_back(self.switches, world, self.timeout)
        if late := next(joined(world, [switch.route for switch in self.switches]), None):
            raise GatewayError(
                f"{late.name} takes requests, and did not get the previous upstreams"
            )


PINNING = 10.0
"""Seconds for old workers to close idle clients; their open requests are on old replicas."""


class PinUpstreams(SwitchUpstreams, frozen=True):
    """Replace a name in an upstream by the addresses of the replicas that serve now.

    The engine's DNS adds new replicas to a service's name as soon as they start, ready or not.
    """

    def __str__(self) -> str:
        upstreams, services, place = _parts_of_title(self.switches)
        return f"pin {upstreams} to the replicas of {services} that serve now{place}"

    def do(self, world: World) -> None:
        """Switch, then wait for the workers that still use the name.

        Raises:
            GatewayError: nginx did not accept the change; it has its old configuration.
        """
        SwitchUpstreams.do(self, world)
        await_old_workers_gone(world, gateways_of(self.switches), min(self.timeout, PINNING))

    def undo(self, world: World) -> None:
        """Restore the name; if that fails, keep the addresses, which are just as right.

        A name that nginx resolves itself is not restored: nginx resolves it only after the reload,
        and answers 502 until then (measured: in 1 of 10 reloads, at 600 requests/s).
        """
        resolved = tuple(s for s in self.switches if s.previous.resolves)
        others = tuple(s for s in self.switches if not s.previous.resolves)
        try:
            if differ(texts_before(resolved), world):
                world.emit(
                    Noted(
                        f"{_includes(resolved)} keeps the addresses of the replicas that serve now"
                    )
                )
            put_back(others, world, self.timeout)
        except (EngineError, GatewayError) as error:
            pinned = _includes(self.switches)
            world.emit(
                Warned(f"{pinned} keeps the addresses of the replicas that serve now: {error.what}")
            )


class LeaveToOthers(SwitchUpstreams, frozen=True):
    """Name only the other replicas, while those that stop first are replaced."""

    moves_traffic: ClassVar[bool] = False


def _includes(switches: tuple[Switch, ...]) -> str:
    return ", ".join(switch.route.include for switch in switches)


def _parts_of_title(switches: tuple[Switch, ...]) -> tuple[str, str, str]:
    """Upstreams, services and place: the file if there is one, otherwise only the gateways."""
    services = ", ".join(s.incoming.service for s in switches)
    if len(switches) == 1:
        route = switches[0].route
        return f"upstream {route.upstream}", services, f": {route.include} in {route.gateway}"
    upstreams = ", ".join(s.route.upstream for s in switches)
    gateways = ", ".join(dict.fromkeys(s.route.gateway for s in switches))
    return f"upstreams {upstreams}", services, f", in {gateways}"
