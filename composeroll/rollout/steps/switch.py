"""Point the gateway at the proven replicas."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from composeroll.errors import EngineError, GatewayError
from composeroll.model import Replica, Route, Upstream
from composeroll.nginx.include import render_include, with_servers, written_by
from composeroll.report.events import Noted, Warned
from composeroll.rollout.steps.drain import await_old_workers_gone
from composeroll.rollout.steps.sets import Incoming, insist_as_proven
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

Texts = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class Switch:
    """One upstream, before and after.

    Attributes:
        previous: the upstream as nginx was last told.
        texts: the include's text before, by gateway container ID.
        served: the replicas it named before.
        known: full IDs of all the service had when this was planned: who came since has to prove
            itself before it is named.
        in_place: whether compose has removed these, to make the new ones in their place.
    """

    incoming: Incoming
    route: Route
    previous: Upstream
    texts: Mapping[str, str | None] = field(default_factory=dict)
    served: tuple[Replica, ...] = ()
    known: frozenset[str] = frozenset()
    in_place: bool = False

    def named_among(self, everyone: Collection[Replica], world: World) -> tuple[Replica, ...]:
        """The replicas that get requests: not those that somebody has started since the proof.

        Raises:
            NotReady: one that had proved itself does not run any more, or runs again.
        """
        looked_at = [r for r in everyone if r.id in self.known or r.id in world.proven]
        running = self.incoming.running_among(looked_at, world)
        insist_as_proven(running, world)
        return running

    def texts_back(self, world: World) -> Mapping[str, str | None]:
        """The texts of before, word for word where they mean what they meant then.

        One of those they named may have died or moved since, and left its address to nobody, or to
        anybody; and a name would mean the new ones too, while they are there. Where nothing of what
        it named is left, those that were to leave serve again.

        Raises:
            GatewayError: somebody has removed them all, so that there is no way back.
        """
        now = world.engine.replicas([self.incoming.service])
        self._insist_on_old_ones(now)
        before = {r.id: self.route.address(r) for r in self.served}
        living = tuple(r for r in now if r.id in before and r.running)
        living = living or tuple(r for r in now if r.id in self.incoming.besides and r.running)
        strangers = {self.route.address(r) for r in now if r.id not in before} - {""}
        moved = before != {r.id: self.route.address(r) for r in living}
        meant = strangers if self.previous.names else strangers & self.previous.addresses
        there = {self.route.address(r) for r in living}
        gone = (self.previous.addresses if self._split else self._written) - there
        wrong = meant or gone or (moved and not self.previous.names)
        if not living or not wrong:
            return self.texts
        return dict.fromkeys(self.texts, self.text(world.project, living))

    def _insist_on_old_ones(self, now: Collection[Replica]) -> None:
        old = {r.id for r in self.served} | self.incoming.besides
        gone = old and not any(r.id in old for r in now)
        if gone and not self.in_place and any(r.running for r in now):
            raise GatewayError(
                f"somebody has removed the old replicas of {self.incoming.service}: nothing is left"
                " to go back to"
            )

    @property
    def _written(self) -> frozenset[str]:
        """The addresses that a rollout has written: a killed one may never have had them read."""
        ours = any(text and written_by(text) for text in self.texts.values())
        written = frozenset(s.address for s in self.previous.servers if ours or s.comment)
        return written - set(self.previous.names)

    @property
    def _split(self) -> bool:
        """Whether the gateways had different texts, as a rollout leaves them that was cut off."""
        return len(set(self.texts.values())) > 1

    def lead_back(self, world: World, timeout: float) -> None:
        """Tell nginx these texts, whatever it runs, and wait until nobody goes by anything else.

        Raises:
            GatewayError: one nginx did not take it.
        """
        texts, include = self.texts_back(world), self.route.include
        world.gateways.restore({gateway: {include: text} for gateway, text in texts.items()})
        await_old_workers_gone(world, timeout)

    def name_again(self, world: World, replicas: Collection[Replica]) -> None:
        """Name those of the replicas that run: a container that was stopped loses its address.

        Where none runs, as old ones that crash in a loop, nothing better is known than what was.

        Raises:
            GatewayError: one nginx did not take it.
        """
        if running := tuple(r for r in replicas if r.running):
            world.gateways.restore(self.texts_for(world.project, running))

    def text(self, project: str, replicas: tuple[Replica, ...]) -> str:
        """The include that names these replicas.

        Raises:
            GatewayError: one of them has no address that the gateway could reach.
        """
        lost = [r for r in replicas if not self.route.address(r)]
        if lost:
            raise GatewayError(
                f"{lost[0].name} has no address on a network that {self.route.gateway} is on too",
                help=f"put {self.incoming.service} and {self.route.gateway} on one network",
            )
        servers = [(self.route.address(r), f"{r.name} {r.short_id}") for r in replicas]
        upstream = with_servers(self.previous, servers)
        return render_include(upstream, project, self.incoming.service, self.route.template)

    def texts_for(self, project: str, replicas: tuple[Replica, ...]) -> Texts:
        """That include for every gateway container: text by path, by container ID."""
        text = self.text(project, replicas)
        return {container: {self.route.include: text} for container in self.route.containers}


@dataclass(frozen=True, slots=True)
class SwitchUpstreams(Step):
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


@dataclass(frozen=True, slots=True)
class PinUpstreams(SwitchUpstreams):
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
    """Whether an include holds something else than these texts."""
    return any(
        world.gateways.read(container, path) != text
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
