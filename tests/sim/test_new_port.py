"""A new version listens elsewhere: the old replicas are named where they listen, until they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from msgspec.structs import replace

from composeroll.rollout.observing.observed import Wiring
from tests.sim import nginx, survey
from tests.sim.faults import Fault, Kind
from tests.sim.images import Behaviour
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app
from tests.sim.world import Sim

OLD, NEW = "9000", "8080"
INCLUDE = survey.include_of("app")


@pytest.fixture(autouse=True)
def port_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """`x-composeroll.port` is the new one; what nginx was told before this has the old one."""
    made = survey._wiring  # noqa: SLF001 - the one place that makes them

    def wiring(service: str, texts: Mapping[str, str]) -> Wiring | None:
        found = made(service, texts)
        return found and replace(found, route=replace(found.route, port=int(NEW)))

    monkeypatch.setattr(survey, "_wiring", wiring)


@pytest.fixture
def reloads(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The servers in the include at each reload."""
    seen: list[frozenset[str]] = []
    reload = nginx.Gateways.reload

    def counted(every: nginx.Gateways, gateway: nginx.Gateway, touched: Collection[str]) -> None:
        reload(every, gateway, touched)
        seen.append(servers(gateway))

    monkeypatch.setattr(nginx.Gateways, "reload", counted)
    return seen


def servers(gateway: nginx.Gateway) -> frozenset[str]:
    lines = (line.split() for line in gateway.files[INCLUDE].splitlines() if "server " in line)
    return frozenset(address.rstrip(";") for _, address, *_ in lines)


def addresses(sim: Sim, image: str, port: str) -> frozenset[str]:
    return frozenset(f"{box.ip}:{port}" for box in sim.engine.of("app") if box.image == image)


def test_old_replicas_serve_again_where_they_listen(reloads: list[frozenset[str]]) -> None:
    sim = app(2, monitor="5s")
    old = addresses(sim, "sha256:app-v1", OLD)
    sim.images.push("app", "app-sick", Behaviour(dies_after=0.8))
    assert sim.update("app") == "RolledBack"
    assert {address.rpartition(":")[2] for address in reloads[0]} == {NEW}
    assert reloads[-1] == old


def test_those_that_wait_for_their_batch_are_named_where_they_listen(
    reloads: list[frozenset[str]],
) -> None:
    sim = app(4, batch=1)
    old = addresses(sim, "sha256:app-v1", OLD)
    assert sim.update("app") == "updated"
    new = addresses(sim, "sha256:app-v2", NEW)
    assert [len(one & old) for one in reloads] == [3, 2, 1, 0]
    assert [len(one & new) for one in reloads] == [1, 2, 3, 4]
    assert {len(one) for one in reloads} == {4}


def test_the_way_back_of_a_later_batch_names_each_where_it_listens(
    reloads: list[frozenset[str]],
) -> None:
    """One of the new ones is there already, and stays."""
    sim = app(4, batch=1)
    old = addresses(sim, "sha256:app-v1", OLD)
    probe = app(4, batch=1)
    probe.update("app")
    drains = [n for n, what in enumerate(probe.faults.trace, 1) if what.startswith("begin: drain")]
    reloads.clear()
    assert sim.update("app", fault=Fault(drains[1] + 2, Kind.INTERRUPT)) == "Interrupted"
    assert len(reloads) == 3
    assert reloads[-1] == reloads[0]
    assert reloads[-1] == addresses(sim, "sha256:app-v2", NEW) | (old & reloads[0])


@pytest.mark.parametrize("verb", [Verb.SYNC, Verb.WATCH])
def test_a_sync_leaves_old_replicas_where_they_listen(verb: Verb) -> None:
    """Nothing was rolled since the file has the new port."""
    sim = app(2)
    sim.engine.definitions["app"] += " anew"
    old = addresses(sim, "sha256:app-v1", OLD)
    sim.do(Run(("app",), verb, lasts=20.0))
    assert servers(sim.gateways.all["gateway-1"]) == old


@pytest.mark.parametrize("count", [1, 3])
def test_a_scale_leaves_old_replicas_where_they_listen(count: int) -> None:
    """They stay outdated, as it says; a healthcheck would call them ready whatever the port is."""
    sim = app(2)
    sim.engine.definitions["app"] += " anew"
    old = addresses(sim, "sha256:app-v1", OLD)
    assert sim.do(Run(("app",), Verb.SCALE, count=count)) == "updated", sim.failure
    named = servers(sim.gateways.all["gateway-1"])
    assert len(named) == count
    assert named <= old if count == 1 else old < named


def test_a_sync_after_a_kill_between_two_batches_names_each_where_it_listens() -> None:
    probe = app(4, batch=1)
    probe.update("app")
    creates = [
        n for n, what in enumerate(probe.faults.trace, 1) if what.startswith("begin: create")
    ]
    sim = app(4, batch=1)
    assert sim.update("app", fault=Fault(creates[2], Kind.KILL)) == "Killed"
    before = servers(sim.gateways.all["gateway-1"])
    assert {address.rpartition(":")[2] for address in before} == {OLD, NEW}
    sim.do(Run(("app",), Verb.SYNC))
    assert servers(sim.gateways.all["gateway-1"]) == before


def test_a_name_is_pinned_to_the_port_that_nginx_knows_it_by(reloads: list[frozenset[str]]) -> None:
    sim = app(2)
    gateway = sim.gateways.all["gateway-1"]
    gateway.files[INCLUDE] = sim.include("app", [f"app:{OLD}"])
    sim.gateways.boot(gateway)
    old = addresses(sim, "sha256:app-v1", OLD)
    assert sim.update("app") == "updated"
    assert reloads[0] == old
    assert reloads[-1] == addresses(sim, "sha256:app-v2", NEW)
