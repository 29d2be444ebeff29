"""The steps of a gateway's replacement, and of the end of what was replaced, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Attachment, Replica, Site, Visit
from composeroll.nginx.configuration import Configuration, read_configuration
from composeroll.rollout.observed import Front
from composeroll.rollout.steps import Incoming, ProveGateway, RehearseGateway, RetireReplicas
from composeroll.rollout.steps.prove import ROUNDS
from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.start import Before
from tests.unit.nginx.fake import VirtualClock
from tests.unit.nginx.made import join_dump
from tests.unit.rollout.makers import NEW, replica

PLACE = Attachment("n1", "shop_default", "10.0.0.15")
MAIN = "events {}\nhttp { server { listen 80 reuseport; server_name shop.test; } }\n"
CONFIGURATION = read_configuration(join_dump({"/etc/nginx/nginx.conf": MAIN}), (1, 30, 6))


@dataclass
class Surroundings:
    """One nginx container, that serves or does not, and what is done to containers."""

    container: Replica
    serving: bool = True
    visited: list[Attachment] = field(default_factory=list)
    told: list[tuple[str, list[str]]] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as these steps touch
        """What the steps are given."""
        nginx = SimpleNamespace(
            find=lambda _: self.container,
            serves=lambda _: self.serving,
            configuration=lambda _: CONFIGURATION,
            listening=lambda _: None,
            visit=self._visit,
        )
        engine = SimpleNamespace(
            replicas=lambda _: (self.container,),
            logs=lambda *_: ("its last words",),
            forbid_restart=lambda ids: self.told.append(("forbid", ids)),
            stop=lambda ids, _: self.told.append(("stop", ids)),
            remove=lambda ids, *, volumes: self.told.append((f"remove {volumes}", ids)),
        )
        return cast("Any", SimpleNamespace(nginx=nginx, engine=engine, clock=self.clock))

    def _visit(self, place: Attachment, *asked: object) -> dict[Any, Any]:
        del asked
        self.visited.append(place)
        return {}


def container(number: int, *, restarts: str = "no") -> Replica:
    return replace(replica(number, NEW, of="nginx"), restart_policy=restarts)


@pytest.mark.parametrize(
    ("edge", "asked"), [(replica(15, of="edge"), PLACE), (None, container(2).networks[0])]
)
def test_a_new_nginx_is_asked_where_its_clients_will_ask_it(
    edge: Replica | None, asked: Attachment
) -> None:
    around = Surroundings(container(2))
    front = Front(takers=("old",), place=PLACE, edge=edge)
    ProveGateway(Incoming("nginx", frozenset()), front, Ready()).do(around.world)
    assert around.visited == [asked] * ROUNDS


def test_an_nginx_that_never_accepts_is_given_up_in_time_with_what_helps() -> None:
    around = Surroundings(container(2), serving=False)
    with pytest.raises(NotReady, match="no nginx accepts connections in shop-nginx-2") as late:
        await_serving(around.world, "2", "nginx", 3.0)
    assert 3.0 <= around.clock.now() < 4.0
    assert "of nginx, then run the same command again" in (late.value.help or "")
    assert late.value.evidence[-1] == "  its last words"


def test_what_retires_is_not_started_again_by_its_policy() -> None:
    always, never = container(1, restarts="always"), container(2)
    around = Surroundings(always)
    RetireReplicas("nginx", (always, never), None).do(around.world)
    both: Sequence[str] = [always.id, never.id]
    assert around.told == [("forbid", [always.id]), ("stop", both), ("remove True", both)]


def told(*names: str) -> Configuration:
    """An nginx on port 80 with a site for each name."""
    sites = "".join(f"server {{ listen 80 reuseport; server_name {n}.test; }} " for n in names)
    text = f"events {{}}\nhttp {{ {sites}}}\n"
    return read_configuration(join_dump({"/etc/nginx/nginx.conf": text}), (1, 30, 6))


@dataclass
class Stage:
    """Where a new nginx is rehearsed beside the present one, and how each answers which name."""

    present: Configuration
    new: Configuration
    now: dict[str, int]
    then: dict[str, int]

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as a rehearsal touches
        """What the step is given."""
        there = {"old": replica(1, NEW, of="nginx"), "actor": replica(9, NEW, of="nginx")}
        nginx = SimpleNamespace(
            find=lambda name: there.get(name, there["actor"]),
            stand_in=lambda *_: replace(there["actor"], id="actor"),
            serves=lambda _: True,
            configuration=lambda c: self.present if c is there["old"] else self.new,
            visit=lambda place, sites, *_: self._visit(place, sites),
        )
        engine = SimpleNamespace(
            replicas=lambda _: (replica(2, NEW, of="nginx"),),
            start=lambda _: None,
            stop=lambda *_: None,
            remove=lambda *_, **_volumes: None,
            logs=lambda *_: (),
        )
        world = SimpleNamespace(nginx=nginx, engine=engine, clock=VirtualClock(), project="shop")
        return cast("Any", world)

    def _visit(self, place: Attachment, sites: Sequence[Site]) -> dict[Site, Visit]:
        answers = self.now if place is PLACE else self.then
        statuses = {site: answers[site.host] for site in sites}
        return {site: Visit(status, f"answered {status}") for site, status in statuses.items()}


@pytest.mark.parametrize(
    ("new", "now", "then", "worse"),
    [
        (told("a", "b"), {"a.test": 200, "b.test": 200}, {"a.test": 200, "b.test": 200}, ""),
        (told("a"), {"a.test": 200, "b.test": 200}, {"a.test": 200, "b.test": 404}, "b.test:80"),
        (told("a"), {"a.test": 200, "b.test": 0}, {"a.test": 200}, ""),
        (told("a", "b", "c"), dict.fromkeys(("a.test", "b.test", "c.test"), 200), {}, "a.test:80"),
    ],
)
def test_a_site_that_the_new_nginx_has_lost_is_asked_of_it_all_the_same(
    new: Configuration, now: dict[str, int], then: dict[str, int], worse: str
) -> None:
    then = dict.fromkeys(("a.test", "b.test", "c.test"), 500) | then if worse else then
    stage = Stage(told("a", "b"), new, now, then)
    front = Front(takers=("old",), place=PLACE)
    step = RehearseGateway("nginx", Before(frozenset(), 0), front, Ready(), shares=True)
    with pytest.raises(NotReady, match=worse) if worse else nullcontext():
        step.do(stage.world)


def test_a_port_that_the_new_nginx_does_not_listen_on_is_missed() -> None:
    moved = MAIN.replace("80", "8080")
    new = read_configuration(join_dump({"/etc/nginx/nginx.conf": moved}), (1, 30, 6))
    front = Front(takers=("old",), place=None)
    step = RehearseGateway("nginx", Before(frozenset(), 0), front, Ready(), shares=True)
    with pytest.raises(NotReady, match="does not listen on port 80, as the present one does"):
        step.do(Stage(CONFIGURATION, new, {}, {}).world)
