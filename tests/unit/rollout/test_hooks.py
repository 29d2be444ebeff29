"""Hooks of the compose file, and what compose has to start itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.model import ContainerState, Hook, Output, Replica
from composeroll.report.events import Event, Warned
from composeroll.rollout.detached_replica import DetachedReplica
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.steps import (
    ReplaceReplicas,
    RetireReplicas,
    Retiring,
    StartReplicas,
    StopReplicas,
    before,
)
from tests.unit.rollout.makers import MOVED, NEW, OLD, ours, plan, replica, service, state, wiring

HOOK = Hook(("bye",))
INLINE: dict[str, Any] = {"post_start": [{"command": ["hello"]}]}


@dataclass
class World:
    """An engine that tells what is asked of it, and is its own world."""

    replicas_now: tuple[Replica, ...]
    drains_on: tuple[Replica, ...] = ()
    ends: Output | EngineError = Output(0)  # noqa: RUF009 - it is frozen
    calls: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)

    @property
    def engine(self) -> World:
        """Itself."""
        return self

    def emit(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)

    def replicas(self, services: list[str]) -> tuple[Replica, ...]:
        """As they are now."""
        assert services == ["app"]
        return self.replicas_now

    def detached(self, services: list[str]) -> tuple[DetachedReplica, ...]:
        """As they are now, under the names of before."""
        assert services == ["app"]
        return tuple(DetachedReplica(r, r.name, 0.0, 60.0) for r in self.drains_on)

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """End as it was said."""
        self.patience.append(timeout)
        self.calls.append(f"{hook.command[0]} in {container[:1]}")
        if isinstance(self.ends, EngineError):
            raise self.ends
        return self.ends

    def forbid_restart(self, ids: list[str]) -> None:
        """Nothing has a policy."""
        assert ids == []

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Tell it."""
        within = " and ".join(dict.fromkeys(map(str, graces.values())))
        self.calls.append(f"stop {len(graces)} within {within}")

    def remove(self, ids: Collection[str], *, volumes: bool) -> None:
        """Tell it."""
        self.calls.append(f"remove {len(ids)}" if volumes else "")

    def recreate(self, service: str, scale: int, *, renew_volumes: bool) -> None:
        """Tell it."""
        self.calls.append(f"recreate {scale} of {service}{' anew' if renew_volumes else ''}")


@pytest.mark.parametrize(
    ("ends", "warned"),
    [
        (Output(0), []),
        (Output(3, "no way\n"), [Warned("pre_stop of shop-app-1 ended with 3: no way")]),
        (
            Output(3, "1\n2\n3\n4\n"),
            [Warned("pre_stop of shop-app-1 ended with 3: 2; 3; 4")],
        ),
        (
            EngineError("no such user"),
            [Warned("pre_stop of shop-app-1 ended with 1: no such user")],
        ),
    ],
)
def test_a_hook_runs_in_what_runs_before_the_stop_and_keeps_nobody(
    ends: Output | EngineError, warned: list[Event]
) -> None:
    leaving = replica(1), replica(2, state=ContainerState.EXITED)
    world = World((*leaving, replica(3)), ends=ends)
    RetireReplicas((Retiring("app", leaving, 10.0, (HOOK,)),)).do(cast("Any", world))
    assert world.calls == ["bye in 1", "stop 2 within 10.0", "remove 2"]
    assert world.events == warned


def test_a_hook_runs_too_in_what_has_drained_on_after_its_rollout() -> None:
    world = World((replica(3),), drains_on=(replica(1),))
    RetireReplicas((Retiring("app", (replica(1),), 10.0, (HOOK,)),)).do(cast("Any", world))
    assert world.calls == ["bye in 1", "stop 1 within 10.0", "remove 1"]


def test_what_several_services_retire_stops_side_by_side_each_within_its_own_seconds() -> None:
    world = World(())
    patient = Retiring("app", (replica(1), replica(2)), 60.0)
    RetireReplicas((patient, Retiring("api", (replica(3),)))).do(cast("Any", world))
    assert world.calls == ["stop 3 within 60.0 and None", "remove 3"]


def test_a_hook_runs_too_before_what_stops_first_is_stopped() -> None:
    world = World((replica(1),))
    StopReplicas("app", (replica(1),), 10.0, before([replica(1)]), None, (HOOK,)).do(
        cast("Any", world)
    )
    assert world.calls == ["bye in 1", "stop 1 within 10.0"]


def test_a_hook_runs_too_before_compose_replaces_in_place_since_compose_runs_none_then() -> None:
    old = replica(1, OLD), replica(2, OLD, state=ContainerState.EXITED)
    world = World(old)
    ReplaceReplicas("app", 2, OLD, "app:1", renew_volumes=False, grace=300.0, hooks=(HOOK,)).do(
        cast("Any", world)
    )
    assert world.calls[0] == "bye in 1"
    assert world.calls[-1] == "recreate 2 of app"
    assert world.calls.count("bye in 1") == 1
    assert world.patience == [300.0]


def test_on_its_way_back_what_did_not_prove_itself_has_no_say() -> None:
    world = World((replica(1, NEW),))
    step = ReplaceReplicas("app", 1, OLD, "app@sha256:0", renew_volumes=False, hooks=(HOOK,))
    with pytest.raises(EngineError, match="names the image of app by its digest"):
        step.undo(cast("Any", world))
    assert "recreate 1 of app" in world.calls
    assert "bye in 1" not in world.calls


def test_the_plan_has_the_hook_of_what_is_replaced_in_place() -> None:
    bye = {"command": ["bye"], "user": "root"}
    named = service(container_name="app", pre_stop=[bye], stop_grace_period="5m")
    calls = state([replica(1)], of=named)
    (step,) = (
        step
        for step in plan_rollout(Observed("shop", (calls,)), {replica(1).id: MOVED}).steps
        if isinstance(step, ReplaceReplicas)
    )
    assert (step.hooks, step.grace) == ((Hook(("bye",), user="root"),), 300.0)


@pytest.mark.parametrize(("grace", "waited"), [(None, 60.0), (10.0, 60.0), (300.0, 300.0)])
def test_a_hook_may_take_what_its_service_may_take_to_stop(
    grace: float | None, waited: float
) -> None:
    world = World((replica(1),))
    RetireReplicas((Retiring("app", (replica(1),), grace, (HOOK,)),)).do(cast("Any", world))
    StopReplicas("app", (replica(1),), grace, before([replica(1)]), None, (HOOK,)).do(
        cast("Any", world)
    )
    assert world.patience == [waited, waited]


def test_what_compose_copies_in_at_the_start_it_starts_itself() -> None:
    calls = state([replica(1)], wiring(1), of=service(**INLINE))
    steps = plan_rollout(Observed("shop", (calls,)), {replica(1).id: MOVED}).steps
    (start,) = (step for step in steps if isinstance(step, StartReplicas))
    assert start.by_compose == 2
    plain = state([replica(1)], wiring(1))
    steps = plan_rollout(Observed("shop", (plain,)), {replica(1).id: MOVED}).steps
    (start,) = (step for step in steps if isinstance(step, StartReplicas))
    assert not start.by_compose


def test_what_stops_first_is_replaced_in_place_since_compose_would_start_the_old_ones_too() -> None:
    first = state([replica(1)], of=service(**INLINE, **ours(order="stop-first")))
    assert "replace 1 replica of app in place" in plan(first)
    assert "stop shop-app-1" in plan(state([replica(1)], of=service(**ours(order="stop-first"))))
