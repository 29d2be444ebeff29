"""Waiting for proof: of what serves, and of what only has a task and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import ContainerState, Replica, Route
from composeroll.rollout.steps import AwaitReady, Incoming
from tests.unit.rollout.makers import NEW, replica, wiring

OLD = replica(1)
BESIDES = frozenset({OLD.id})


@dataclass
class Proofs:
    """New replicas that prove themselves, but for those that end or fail while they are asked.

    Attributes:
        ends: those that end with code 0 at the first look, by number.
        fails: those that never answer.
        asked: who was asked, time after time.
    """

    replicas: list[Replica]
    ends: Sequence[int] = ()
    fails: Sequence[int] = ()
    asked: list[list[int]] = field(default_factory=list)
    proven: dict[str, Replica] = field(default_factory=dict)

    def wait(self, *, may_end: bool, least: int = 1) -> None:
        """Wait for them all."""
        world = SimpleNamespace(
            engine=SimpleNamespace(replicas=lambda _: (OLD, *self.replicas), logs=lambda *_: ()),
            readiness=SimpleNamespace(await_ready=self._await_ready),
            proven=self.proven,
        )
        step = AwaitReady(Incoming("app", BESIDES, least), None, Ready(), may_end=may_end)
        step.do(cast("Any", world))

    def _await_ready(self, waiting: Sequence[Replica], *_: object) -> None:
        numbers = [one.number for one in waiting]
        assert len(self.asked) < 5, f"asked again and again: {self.asked}"
        self.asked.append(numbers)
        if {*self.ends} & {*numbers}:
            self.replicas = [
                _ended(one) if one.number in self.ends else one for one in self.replicas
            ]
            raise NotReady("one does not run any more")
        if {*self.fails} & {*numbers}:
            raise NotReady("one does not answer")


def _ended(one: Replica) -> Replica:
    return replace(one, state=ContainerState.EXITED, exit_code=0, restart_policy="no")


def new(*numbers: int) -> list[Replica]:
    """Replicas of the new image."""
    return [replica(number, NEW) for number in numbers]


@pytest.mark.parametrize("may_end", [True, False])
def test_what_does_not_answer_is_asked_once_and_is_not_ready(*, may_end: bool) -> None:
    proofs = Proofs(new(2, 3), fails=[3])
    with pytest.raises(NotReady, match="does not answer"):
        proofs.wait(may_end=may_end)
    assert proofs.asked == [[2, 3]]
    assert not proofs.proven


@pytest.mark.parametrize("may_end", [True, False])
def test_what_has_proved_itself_is_remembered_as_it_was_then(*, may_end: bool) -> None:
    proofs = Proofs(new(2, 3))
    proofs.wait(may_end=may_end, least=2)
    assert [*proofs.proven] == [one.id for one in new(2, 3)]


def test_a_task_that_has_ended_well_is_done() -> None:
    proofs = Proofs(new(2), ends=[2])
    proofs.wait(may_end=True)
    assert proofs.asked == [[2]]


def test_a_server_that_ends_well_all_the_same_is_not_ready() -> None:
    with pytest.raises(NotReady, match="does not run any more"):
        Proofs(new(2), ends=[2]).wait(may_end=False)


def test_while_one_task_has_ended_the_other_is_waited_for() -> None:
    proofs = Proofs(new(2, 3), ends=[2])
    proofs.wait(may_end=True, least=2)
    assert proofs.asked == [[2, 3], [3]]
    assert [*proofs.proven] == [new(3)[0].id]


def test_a_task_that_somebody_removed_is_missed_though_another_has_ended_well() -> None:
    proofs = Proofs(new(2), ends=[2])
    with pytest.raises(NotReady):
        proofs.wait(may_end=True, least=2)


def test_what_stays_outdated_is_asked_where_nginx_knows_it() -> None:
    """As where it is scaled, and the file has another port for it by now."""
    asked: list[tuple[int, int]] = []

    def ready(waiting: Sequence[Replica], route: Route, _: Ready) -> None:
        asked.extend((one.number, route.port) for one in waiting)

    world = SimpleNamespace(
        engine=SimpleNamespace(replicas=lambda _: (OLD, *new(2))),
        readiness=SimpleNamespace(await_ready=ready),
        proven={},
    )
    old_route = wiring().route
    route, everyone = replace(old_route, port=8080), Incoming("app", frozenset(), 2)
    step = AwaitReady(everyone, route, Ready(), outdated=frozenset({OLD.id}), old_route=old_route)
    step.do(cast("Any", world))
    assert asked == [(2, 8080), (1, 80)]
