"""The steps of a gateway's replacement, and of the end of what was replaced, one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Attachment, Replica, Site, Visit
from composeroll.nginx.configuration.configuration import read_configuration
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps import Incoming, ProveGateway, RetireReplicas, Retiring
from composeroll.rollout.steps.limited import PAUSE
from composeroll.rollout.steps.prove import ROUNDS
from composeroll.rollout.steps.serving import await_serving
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
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)
    answer: Callable[[float], int] = lambda _: 200
    asked_at: list[float] = field(default_factory=list)

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
            forbid_restart=lambda ids: self.calls.append(("forbid", ids)),
            stop=lambda graces: self.calls.append(("stop", [*graces])),
            remove=lambda ids, *, volumes: self.calls.append((f"remove {volumes}", ids)),
        )
        return cast("Any", SimpleNamespace(nginx=nginx, engine=engine, clock=self.clock))

    def _visit(self, place: Attachment, sites: Sequence[Site], *how: object) -> dict[Site, Visit]:
        del how
        self.visited.append(place)
        status = self.answer(self.clock.now() - (self.asked_at[-1] if self.asked_at else -1e9))
        self.asked_at.append(self.clock.now())
        return dict.fromkeys(sites, Visit(status, f"answered {status}"))


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


@pytest.mark.parametrize("limit", [429, 503])
def test_a_site_that_was_asked_too_often_is_asked_again_with_pauses(limit: int) -> None:
    """A `limit_req` counts our questions too."""
    around = Surroundings(container(2), answer=lambda since: 200 if since >= PAUSE else limit)
    front = Front(takers=("old",), place=PLACE)
    ProveGateway(Incoming("nginx", frozenset()), front, Ready()).do(around.world)
    assert len(around.visited) == 2 * ROUNDS


@pytest.mark.parametrize("bad", [503, 404])
def test_a_site_that_is_answered_badly_now_and_then_for_another_reason_is_not_proven(
    bad: int,
) -> None:
    answers = itertools.cycle([200, bad])
    around = Surroundings(container(2), answer=lambda _: next(answers))
    step = ProveGateway(Incoming("nginx", frozenset()), Front(("old",), PLACE), Ready())
    with pytest.raises(NotReady, match=f"answered {bad} for http://shop.test:80, and not every"):
        step.do(around.world)


def test_an_nginx_that_never_accepts_is_given_up_in_time_with_what_helps() -> None:
    around = Surroundings(container(2), serving=False)
    with pytest.raises(NotReady, match="no nginx accepts connections in shop-nginx-2") as late:
        await_serving(around.world, "2", "nginx", 3.0)
    assert 3.0 <= around.clock.now() < 4.0
    assert "of nginx, or its service in the compose file" in (late.value.help or "")
    assert late.value.evidence[-1] == "  its last words"


def test_what_retires_is_not_started_again_by_its_policy() -> None:
    always, never = container(1, restarts="always"), container(2)
    around = Surroundings(always)
    RetireReplicas((Retiring("nginx", (always, never)),)).do(around.world)
    both: Sequence[str] = [always.id, never.id]
    assert around.calls == [("forbid", [always.id]), ("stop", both), ("remove True", both)]
