"""Which of a service's containers are its new replicas, and what is said of those that fell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError, NotReady
from composeroll.model import ContainerState, Replica
from composeroll.rollout.steps import CreateReplicas, Incoming, before
from composeroll.rollout.steps.sets import last_words
from tests.unit.rollout.makers import NEW, replica

OLD = replica(1)
INCOMING = Incoming("app", frozenset({OLD.id}))


def seen(*replicas: Replica, lines: int = 0) -> Any:  # noqa: ANN401 - as much of a World as is asked
    """A world with these containers, each of which has written some lines."""
    engine = SimpleNamespace(
        replicas=lambda _: replicas,
        create=lambda _: None,
        logs=lambda _, most: [str(n) for n in range(lines)][-most:],
    )
    return cast("Any", SimpleNamespace(engine=engine))


def test_who_is_on_the_way_out_or_has_ended_is_not_incoming() -> None:
    starts, ended = (
        replica(number, NEW, state=state)
        for number, state in ((2, ContainerState.CREATED), (3, ContainerState.EXITED))
    )
    assert INCOMING.look_up(seen(OLD, starts, ended)) == (starts,)


def test_where_all_new_replicas_were_removed_that_is_said() -> None:
    with pytest.raises(NotReady, match="no replica of app is left"):
        INCOMING.look_up_running(seen(OLD))


def test_a_proven_replica_that_is_missing_is_named_as_docker_ps_does() -> None:
    with pytest.raises(NotReady, match="container 333333333333 of app was removed"):
        INCOMING.look_up_running(seen(OLD, replica(2, NEW)), ["3" * 64])


def test_whoever_fell_is_quoted_with_its_last_twenty_lines() -> None:
    title, *quoted = last_words(seen(lines=30), OLD)
    assert title == "the last lines of shop-app-1:"
    assert quoted == [f"  {n}" for n in range(10, 30)]
    assert last_words(seen(), OLD) == ()


def test_whoever_fell_without_a_log_that_can_be_read_is_named_all_the_same() -> None:
    """As with `logging: {driver: none}`."""

    def refuse(*_: object) -> None:
        raise EngineError("configured logging driver does not support reading")

    fallen = replica(2, NEW, state=ContainerState.EXITED)
    world = seen(OLD, fallen)
    world.engine.logs = refuse
    with pytest.raises(NotReady, match="shop-app-2 exited with code"):
        INCOMING.look_up_running(world)


def test_fewer_new_containers_than_were_asked_for_are_an_error() -> None:
    create = CreateReplicas("app", 2, 3, before([OLD]), NEW)
    with pytest.raises(EngineError, match="compose made 1 replica of app, not 2"):
        create.do(seen(OLD, replica(2, NEW)))
