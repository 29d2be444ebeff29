"""When a container is done that others wait for: by its end, or by a command that only waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import NotReady
from composeroll.model import ContainerState, Replica
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout
from composeroll.rollout.steps import DONE_WITHIN, AwaitDone, Incoming
from composeroll.rollout.steps.done import LOOK
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, plan, replica, service, state, wiring

RUNS = replace(replica(2, NEW), command=("cp", "-a", "/src/.", "/code"))
WELL = replace(RUNS, state=ContainerState.EXITED)
FAILED = replace(WELL, exit_code=1)
SLEEPS = replace(RUNS, command=("sleep", "infinity"))


BEGAN = 1000.0
"""What the clock says at first: no machine's says 0."""


def world(*looks: tuple[Replica, ...]) -> Any:  # noqa: ANN401 - as much of a World as it touches
    """An engine that tells one look after the other, then the last one for ever."""
    clock = VirtualClock()
    clock.time = BEGAN
    waiting = list(looks)

    @contextmanager
    def events() -> Iterator[object]:
        yield SimpleNamespace(next=clock.wait)

    engine = SimpleNamespace(
        replicas=lambda _: waiting.pop(0) if waiting[1:] else waiting[0], logs=lambda *_: ("why",)
    )
    return cast("Any", SimpleNamespace(engine=engine, events=events, clock=clock))


def step(*, ends: bool = True, may_idle: bool = False) -> AwaitDone:
    new = Incoming("app", frozenset({replica(1).id}))
    return AwaitDone(new, 3600.0 if ends else 60.0, 60.0, ends, may_idle)


def test_it_is_done_once_it_has_ended_well() -> None:
    ends = world((RUNS,), (RUNS,), (WELL,))
    step().do(ends)
    assert ends.clock.now() == BEGAN + 2 * LOOK


def test_it_may_be_started_again_by_its_policy_until_it_ends_well() -> None:
    ends = world((replace(RUNS, state=ContainerState.RESTARTING),), (RUNS,), (WELL,))
    step().do(ends)
    assert ends.clock.now() == BEGAN + 2 * LOOK


@pytest.mark.parametrize("ends", [True, False])
def test_one_that_fails_again_and_again_has_failed_once_its_time_is_over(*, ends: bool) -> None:
    """An engine that starts it again for ever never calls it ended."""
    crashes = replace(RUNS, state=ContainerState.RESTARTING, exit_code=3, restart_policy="always")
    crashing = world((RUNS,), (crashes,))
    with pytest.raises(NotReady, match="exits with code 3 and is started again and again"):
        step(ends=ends).do(crashing)
    assert crashing.clock.now() == BEGAN + 60.0
    step(ends=ends).do(world(*[(crashes,)] * 59, (RUNS,), (WELL,)))


def test_its_last_attempt_may_take_longer_and_one_more_failure_is_the_end() -> None:
    crashes = replace(RUNS, state=ContainerState.RESTARTING, exit_code=3)
    late = [(crashes,)] * 50 + [(RUNS,)] * 50
    step().do(world(*late, (WELL,)))
    with pytest.raises(NotReady, match="again and again"):
        step().do(world(*late, (crashes,)))


@pytest.mark.parametrize("ends", [True, False])
def test_one_that_fails_is_told_with_its_last_words(*, ends: bool) -> None:
    with pytest.raises(NotReady, match="exited with code 1") as failed:
        step(ends=ends).do(world((RUNS, FAILED)))
    assert "  why" in failed.value.evidence


def test_one_that_goes_on_is_overdue() -> None:
    with pytest.raises(NotReady, match="has not ended after 1h"):
        step().do(world((RUNS,)))


def test_what_nobody_has_seen_end_may_stay_up() -> None:
    step(ends=False).do(world((RUNS,)))


def test_and_what_nobody_has_seen_end_is_given_a_moment_to_fail() -> None:
    with pytest.raises(NotReady, match="exited with code 1"):
        step(ends=False).do(world((RUNS,), (RUNS,), (FAILED,)))


def test_what_only_waits_is_done_unless_the_file_says_that_it_is_to_end() -> None:
    step(may_idle=True).do(world((SLEEPS,)))
    with pytest.raises(NotReady):
        step().do(world((SLEEPS,)))


def test_one_that_somebody_has_removed_is_missed() -> None:
    with pytest.raises(NotReady, match="0 of 1 replica of app are left"):
        step().do(world((RUNS,), (replica(1),)))


ENDED = replica(1, of="code", state=ContainerState.EXITED)


@pytest.mark.parametrize(
    ("before", "ends"),
    [
        ([replace(ENDED, command=("cp", "-a", "/src/.", "/code"))], True),
        ([replace(ENDED, command=("true",))], False),
        ([replace(ENDED, state=ContainerState.RUNNING, command=("sleep", "infinity"))], False),
        ([replace(ENDED, state=ContainerState.CREATED)], False),
        ([], False),
    ],
)
def test_of_code_an_end_is_awaited_where_its_predecessor_had_one(
    before: list[Replica], *, ends: bool
) -> None:
    code = state(before, of=service("code"), data_only=True)
    for said in (False, True):
        observed = Observed("shop", (replace(code, must_end=said),))
        steps = plan_rollout(observed, outgoing(observed)).steps
        (awaited,) = (one for one in steps if isinstance(one, AwaitDone))
        assert (awaited.ends, awaited.may_idle) == (ends or said, not said)
        assert (awaited.timeout, awaited.retries) == (DONE_WITHIN if said else 60.0, 60.0)


def test_what_nginx_sends_requests_to_is_proven_by_its_answers_whatever_the_file_says() -> None:
    assert "await app ready" in plan(state([replica(1)], wiring(1), must_end=True))
