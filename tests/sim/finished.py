"""What a stack looks like when nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator

from tests.sim.readiness import answers
from tests.sim.survey import include_of
from tests.sim.world import Sim


def finished(sim: Sim, service: str, replicas: int) -> None:
    """N replicas of the newest image, named from 1, in every upstream, and nothing besides."""
    boxes = sim.engine.of(service)
    assert all(box.service for box in sim.engine.boxes.values())
    assert {b.image for b in boxes} == {sim.images.newest(service)}
    assert sorted(b.name for b in boxes) == list(_names(sim, service, replicas))
    at_work = (b for b in boxes if not sim.images.behaviour(b.image).exits)
    assert all(b.running and (b.proven or service in sim.judge.gaps) for b in at_work)
    _in_upstreams(sim, service)


def _names(sim: Sim, service: str, replicas: int) -> Iterator[str]:
    """Numbered from 1, unless the file has a name for it."""
    for number in range(1, replicas + 1):
        alone = sim.project.services[service].has_container_name
        yield f"the-{service}" if alone else f"shop-{service}-{number}"


def untouched(sim: Sim, service: str, before: frozenset[str]) -> None:
    """The same containers run as before, and nginx sends requests to exactly these."""
    assert frozenset(b.id for b in sim.engine.of(service)) == before
    _in_upstreams(sim, service)


def names_what_answers(sim: Sim, *services: str) -> None:
    """Every nginx that knows a service sends its requests to what answers, if anything does."""
    for name in services:
        boxes = (b for b in sim.engine.of(name) if not b.detached)
        ready = {f"{b.ip}:9000" for b in boxes if answers(b, sim.images, sim.clock)}
        for gateway in sim.gateways.all.values():
            servers = set(gateway.current.servers.get(name, ready))
            assert not ready or servers == ready, (name, gateway.id)


def ids(sim: Sim, service: str) -> frozenset[str]:
    """A service's containers, by full ID."""
    return frozenset(b.id for b in sim.engine.of(service))


def _in_upstreams(sim: Sim, service: str) -> None:
    boxes = sim.engine.of(service)
    for gateway in sim.gateways.all.values():
        if include_of(service) in gateway.files:
            may_gap = service in sim.judge.gaps
            assert all(b.running and (b.proven or may_gap) for b in boxes)
            assert set(gateway.current.servers[service]) == {f"{b.ip}:9000" for b in boxes}
