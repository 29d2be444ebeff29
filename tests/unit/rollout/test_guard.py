"""Whatever happens to a replica that gets requests is noticed, and nothing else is taken for it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import NotReady
from composeroll.model import ContainerEvent, ContainerState, Health
from composeroll.rollout.steps import WatchIncoming
from composeroll.rollout.steps.guard import Guard
from composeroll.rollout.steps.sets import Incoming
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, replica
from tests.unit.rollout.watched import Watched

OLD = replica(1)
INCOMING = Incoming("app", frozenset({OLD.id}))


def watched(**fields: Any) -> tuple[Watched, Guard]:  # noqa: ANN401 - fields of Replica
    """An outgoing replica, and two that are guarded; `fields` are the last one's."""
    seen = Watched([OLD, replica(2, NEW), replica(3, NEW)])
    for at in (1, 2):
        seen.change(at, started_at="2026-03-01T12:00:00Z")
    seen.change(2, **fields)
    return seen, Guard(seen.world, [INCOMING])


def event(action: str, container: str = "3" * 64, service: str = "app") -> ContainerEvent:
    return ContainerEvent(action, container, service)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"started_at": "2026-03-01T12:00:07Z"}, "died and was started again"),
        ({"restarts": 1}, "died and was started again"),
        ({"state": ContainerState.RESTARTING, "exit_code": 3}, "exits with code 3"),
        ({"state": ContainerState.EXITED, "exit_code": 137}, "exited with code 137"),
        ({"state": ContainerState.PAUSED}, "is paused"),
        ({"health": Health.UNHEALTHY}, "turned unhealthy"),
    ],
)
def test_a_replica_that_fails_is_named_with_its_last_words(
    changes: dict[str, Any], said: str
) -> None:
    seen, guard = watched(health=Health.HEALTHY)
    seen.change(2, **changes)
    with pytest.raises(NotReady, match=f"shop-app-3 {said}") as failure:
        guard.heed(event("die"))
    assert failure.value.evidence[-1] == "  its last words"
    assert "`composeroll check app`" in str(failure.value.help)


def test_one_that_was_started_again_between_its_proof_and_the_first_look_is_bad_news() -> None:
    """Nginx may have been told an address that it has not had since."""
    seen, _ = watched()
    seen.proven["3" * 64] = seen.replicas[2]
    Guard(seen.world, [INCOMING])
    seen.change(2, started_at="2026-03-01T12:00:07Z")
    with pytest.raises(NotReady, match="shop-app-3 died and was started again, after it had"):
        Guard(seen.world, [INCOMING])


def test_a_replica_that_somebody_removed_is_missed() -> None:
    seen, guard = watched()
    del seen.replicas[2]
    with pytest.raises(NotReady, match="was removed by another process"):
        guard.look()


def test_one_that_proved_itself_while_the_engine_called_it_unhealthy_is_no_news() -> None:
    seen, guard = watched(health=Health.UNHEALTHY)
    guard.look()
    seen.change(2, health=Health.HEALTHY)
    guard.look()
    seen.change(2, health=Health.UNHEALTHY)
    with pytest.raises(NotReady, match="turned unhealthy"):
        guard.look()


def test_what_happens_to_the_outgoing_is_no_news() -> None:
    seen, guard = watched()
    seen.change(0, state=ContainerState.EXITED)
    guard.look()


@pytest.mark.parametrize(
    ("what", "looks"),
    [
        (event("die"), True),
        (event("health_status: unhealthy"), True),
        (event("relist", "", ""), True),
        (event("exec_create: python3 check.py"), False),
        (event("die", OLD.id), False),
        (event("die", "9" * 64, "other"), False),
        (None, False),
    ],
)
def test_only_what_may_be_bad_news_costs_a_look(
    what: ContainerEvent | None, *, looks: bool
) -> None:
    seen, guard = watched()
    before = seen.looks
    guard.heed(what)
    assert (seen.looks > before) is looks


def test_a_death_that_no_event_told_of_is_seen_when_the_watch_ends() -> None:
    """Whoever listens too late, or to an engine that drops events, hears nothing of it."""
    seen, _ = watched()
    clock = VirtualClock()

    def deaf(seconds: float) -> None:
        seen.change(2, state=ContainerState.EXITED, exit_code=137)
        clock.wait(seconds)

    events = SimpleNamespace(next=deaf)
    world = cast(
        "Any",
        SimpleNamespace(**vars(seen.world), clock=clock, events=lambda: nullcontext(events)),
    )
    with pytest.raises(NotReady, match="shop-app-3 exited with code 137"):
        WatchIncoming((INCOMING,), 5.0).do(world)
    assert clock.now() == pytest.approx(5.0)
