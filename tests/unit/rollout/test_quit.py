"""How an nginx that is replaced goes: told to quit, waited for, and what is said meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import GatewayError, NotReady
from composeroll.model import ContainerState, Hook, Output, Replica
from composeroll.report.events import Draining, Event, Warned
from composeroll.rollout.steps import (
    AwaitGatewaysEnd,
    CreateGateways,
    QuitGateways,
    StartGateways,
    Step,
    before,
)
from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.sets import names
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, replica

FIRST, SECOND = replica(1, of="nginx"), replica(2, NEW, of="nginx")
CRASHED = replace(FIRST, started_at="before it crashed")
ENDED = replica(3, of="nginx", state=ContainerState.EXITED)


@dataclass
class Gateways:
    """Containers with an nginx of two workers each, which ends some time after it was told to.

    Attributes:
        lasts: seconds from the word to the end.
        serving: which take requests.
        done: what was done to which container.
    """

    containers: tuple[Replica, ...]
    lasts: float = 0.0
    serving: Collection[str] = ()
    done: list[tuple[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as these steps touch
        """What the steps are given."""
        nginx = SimpleNamespace(
            find=self._find,
            quit=lambda one: self.done.append(("quit", one.id)),
            workers=lambda _: 2,
            serves=lambda one: one.id in self.serving,
        )
        engine = SimpleNamespace(
            replicas=lambda _: self.containers,
            stop=lambda graces: self.done.append(("stop", [*graces])),
            remove=self._remove,
            forbid_restart=lambda ids: self.done.append(("forbid restart", ids)),
            logs=lambda *_: (),
            detached=lambda _: (),
            run_hook=self._hook,
        )
        world = SimpleNamespace(
            nginx=nginx, engine=engine, clock=self.clock, emit=self.events.append
        )
        return cast("Any", world)

    def _remove(self, ids: list[str], *, volumes: bool) -> None:
        assert volumes
        self.done.append(("remove", ids))
        self.containers = tuple(one for one in self.containers if one.id not in ids)

    def _hook(self, container: str, hook: Hook, _: float) -> Output:
        self.done.append((" ".join(hook.command), container))
        return Output(0, "")

    def _find(self, container: str) -> Replica | None:
        found = next((one for one in self.containers if one.id == container), None)
        over = ("quit", container) in self.done and self.clock.now() >= self.lasts
        return replace(found, state=ContainerState.EXITED) if found and over else found


def test_whoever_runs_is_told_to_quit_and_none_is_started_again_by_the_engine() -> None:
    around = Gateways((FIRST, ENDED))
    QuitGateways((FIRST, ENDED)).do(around.world)
    assert around.done == [("forbid restart", [FIRST.id, ENDED.id]), ("quit", FIRST.id)]


def test_what_the_file_wants_before_a_stop_is_run_before_nginx_is_told() -> None:
    around = Gateways((FIRST,))
    QuitGateways((FIRST,), (Hook(("deregister",)),)).do(around.world)
    assert [what for what, _ in around.done] == ["deregister", "forbid restart", "quit"]


def test_its_workers_are_told_until_it_has_ended() -> None:
    around = Gateways((FIRST,), lasts=0.25, done=[("quit", FIRST.id)])
    AwaitGatewaysEnd((FIRST,), 60.0).do(around.world)
    assert around.events == [*[Draining(2)] * 3, Draining(0)]
    assert around.clock.now() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("containers", "said"),
    [
        ((FIRST,), "after 5s shop-nginx-1 (111111111111) still holds connections: they are cut"),
        (
            (FIRST, SECOND),
            f"after 5s {names((FIRST, SECOND))} still hold connections: they are cut",
        ),
    ],
)
def test_what_does_not_end_in_time_is_told_before_it_is_cut(
    containers: tuple[Replica, ...], said: str
) -> None:
    around = Gateways(containers, lasts=60.0)
    AwaitGatewaysEnd(containers, 5.0).do(around.world)
    assert around.events[-1] == Warned(said)
    assert around.events[0] == Draining(2 * len(containers))
    assert around.clock.now() == pytest.approx(5.0, abs=0.2)


def test_one_that_the_engine_was_starting_again_when_it_was_told_is_told_then() -> None:
    around = Gateways((FIRST, SECOND), serving={FIRST.id, SECOND.id})
    AwaitGatewaysEnd((CRASHED,), 60.0).do(around.world)
    assert around.done == [("quit", FIRST.id)]
    assert around.clock.now() < 1.0


def test_a_new_one_stays_that_is_all_there_is_since_somebody_removed_the_old_one() -> None:
    around = Gateways((SECOND,))
    with pytest.raises(GatewayError, match="no other nginx takes requests: shop-nginx-2"):
        StartGateways("nginx", before([FIRST]), beside=True).undo(around.world)
    assert around.done == []


@pytest.mark.parametrize("step", [QuitGateways((FIRST,)), AwaitGatewaysEnd((CRASHED,), 60.0)])
def test_the_last_one_that_takes_requests_is_told_nothing(step: Step) -> None:
    around = Gateways((FIRST, SECOND), serving={FIRST.id})
    with pytest.raises(NotReady, match="no other nginx takes requests any more") as stays:
        step.do(around.world)
    assert stays.value.serving == "the old nginx keeps serving"
    assert around.done == []


def test_a_new_one_that_takes_requests_unasked_ends_them_before_it_goes() -> None:
    """Somebody's `up --scale` has started what was only created."""
    around = Gateways((FIRST, SECOND), serving={FIRST.id, SECOND.id})
    CreateGateways("nginx", 1, 2, before([FIRST]), NEW, timeout=60.0).undo(around.world)
    assert around.done == [
        ("forbid restart", [SECOND.id]),
        ("quit", SECOND.id),
        ("forbid restart", [SECOND.id]),
        ("stop", [SECOND.id]),
        ("remove", [SECOND.id]),
    ]


def test_on_the_way_back_the_new_one_ends_what_it_has_begun_and_the_old_one_stays() -> None:
    around = Gateways((FIRST, SECOND), lasts=1.0)
    StartGateways("nginx", before([FIRST]), timeout=60.0).undo(around.world)
    assert around.done == [("forbid restart", [SECOND.id]), ("quit", SECOND.id)]
    assert around.events[-1] == Draining(0)


@pytest.mark.parametrize(
    ("containers", "said"),
    [
        ((), "container 333333333333 was removed by another process"),
        ((replace(ENDED, exit_code=1),), "shop-nginx-3 exited with code 1"),
    ],
)
def test_an_nginx_that_never_comes_to_serve_is_named_with_what_became_of_it(
    containers: tuple[Replica, ...], said: str
) -> None:
    around = Gateways(containers)
    with pytest.raises(NotReady, match=said):
        await_serving(around.world, ENDED.id, "nginx", 3.0)
    assert around.clock.now() == 0.0
