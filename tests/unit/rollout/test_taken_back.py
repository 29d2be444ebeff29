"""How new containers are started, and how containers are removed so that nothing outlives them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Replica
from composeroll.rollout.steps import (
    AdoptReplicas,
    CreateReplicas,
    Incoming,
    RemoveLeftovers,
    StartReplicas,
    Switch,
    before,
)
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, replica, wiring

OLD, MADE = replica(1), replica(2, NEW)


@dataclass
class Machine:
    """An engine with containers, and a gateway that takes what it is told; both write it down."""

    containers: list[Replica]
    file: str = "as it was"
    done: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as these steps touch
        """What the steps are given."""
        engine = SimpleNamespace(
            replicas=lambda services: tuple(r for r in self.containers if r.service in services),
            forbid_restart=self._noting("forbid restart"),
            stop=self._noting("stop"),
            remove=self._remove,
            detached=lambda _: (),
            start=self._noting("start"),
            start_all=self._noting("compose starts"),
        )
        gateways = SimpleNamespace(
            restore=lambda _: self.done.append(("nginx is led back",)),
            old_workers=lambda _: 0,
            read=lambda *_: self.file,
        )
        rooms = SimpleNamespace(
            engine=engine, gateways=gateways, project="shop", clock=VirtualClock()
        )
        return cast("Any", rooms)

    def _noting(self, what: str) -> Any:  # noqa: ANN401 - whatever it is called with
        return lambda *words: self.done.append((what, *words))

    def _remove(self, ids: Collection[str], *, volumes: bool) -> None:
        self.done.append(("remove", ids, "with volumes" if volumes else "without"))
        self.containers = [r for r in self.containers if r.id not in ids]


def switch() -> Switch:
    """From the old replica to the one that was made."""
    place = wiring(1)
    incoming = Incoming("app", frozenset({OLD.id}))
    return Switch(incoming, place.route, place.upstream, place.texts, served=(OLD,))


def removed(*ids: str, volumes: str = "with volumes") -> list[tuple[object, ...]]:
    """How containers that were new go: the engine may not start them again meanwhile."""
    return [("forbid restart", [*ids]), ("stop", dict.fromkeys(ids)), ("remove", [*ids], volumes)]


def test_what_was_created_goes_with_the_volumes_that_were_made_for_it() -> None:
    machine = Machine([OLD, MADE])
    CreateReplicas("app", 1, 2, before([OLD]), NEW, switch()).undo(machine.world)
    assert machine.done == removed(MADE.id)


def test_one_at_an_address_that_nginx_names_goes_once_nginx_has_been_told_again() -> None:
    """After a reboot a new replica may have an old one's address."""
    heir = replace(MADE, networks=OLD.networks)
    moved = replace(OLD, networks=replica(7).networks)
    machine = Machine([moved, heir])
    CreateReplicas("app", 1, 2, before([OLD]), NEW, switch()).undo(machine.world)
    assert machine.done == [("nginx is led back",), *removed(MADE.id)]


@pytest.mark.parametrize(("state", "led_back"), [("running", True), ("created", False)])
def test_one_that_nginx_reaches_by_the_name_goes_once_nginx_has_been_told_of_the_old_one(
    state: str, *, led_back: bool
) -> None:
    """The old one was down when all began, so that nothing could be pinned."""
    machine = Machine([OLD, replace(MADE, state=ContainerState(state))])
    create = CreateReplicas("app", 1, 2, before([OLD]), NEW, switch(), by_name=True)
    create.undo(machine.world)
    assert machine.done == [*([("nginx is led back",)] * led_back), *removed(MADE.id)]


def test_one_that_a_restarted_nginx_may_reach_by_the_name_goes_once_nginx_has_been_told() -> None:
    """It began with the name, while this rollout knows of an address."""
    machine = Machine([OLD, MADE], "upstream app { server app:80; }")
    CreateReplicas("app", 1, 2, before([OLD]), NEW, switch()).undo(machine.world)
    assert machine.done == [("nginx is led back",), *removed(MADE.id)]


def test_what_somebody_elses_compose_has_recreated_is_not_ours_to_remove() -> None:
    """It has its predecessor's number."""
    theirs = replace(OLD, id="c" * 64)
    machine = Machine([theirs, MADE])
    assert before([OLD]).newcomers(machine.world, "app") == (MADE,)


@pytest.mark.parametrize("place", [switch(), None])
def test_what_was_gone_on_with_goes_with_its_volumes_behind_nginx_or_not(
    place: Switch | None,
) -> None:
    machine = Machine([OLD, MADE])
    AdoptReplicas((MADE,), place, 30.0).undo(machine.world)
    led_back = [("nginx is led back",)] if place else []
    assert machine.done == [*led_back, *removed(MADE.id)]


def test_a_leftover_that_the_engine_keeps_starting_is_killed_and_its_volumes_stay() -> None:
    left = replica(3, state=ContainerState.RESTARTING)
    machine = Machine([OLD, left])
    RemoveLeftovers("app", (left,)).do(machine.world)
    assert machine.done == [
        ("forbid restart", [left.id]),
        ("stop", {left.id: 0}),
        ("remove", [left.id], "without"),
    ]


def test_new_containers_are_started_by_us_or_by_compose_where_it_has_more_to_do() -> None:
    machine = Machine([OLD, MADE])
    StartReplicas("app", before([OLD])).do(machine.world)
    StartReplicas("app", before([OLD]), by_compose=2).do(machine.world)
    assert machine.done == [("start", [MADE.id]), ("compose starts", {"app": 2})]
