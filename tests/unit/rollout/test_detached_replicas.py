"""Replicas that drain on: hidden from rollouts, counted for compose, known by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from msgspec.structs import replace

from composeroll.model import Replica
from composeroll.rollout.detached.serving_engine import Everything, ServingEngine
from composeroll.rollout.detached_replica import DetachedReplica, detached_name, read_detached
from tests.unit.rollout.makers import replica

NOON = 1_700_000_000.0
DRAINING = replace(replica(1), name=detached_name("shop-app-3", NOON, NOON + 60))


@dataclass
class Fake:
    """An engine of two services."""

    everyone: list[Replica]
    asked: list[Mapping[str, int]] = field(default_factory=list)

    def replicas(self, services: Sequence[str] | None = None) -> tuple[Replica, ...]:
        """All, or those of some services."""
        return tuple(r for r in self.everyone if services is None or r.service in services)

    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset(r.name for r in self.everyone)

    def rename(self, container: str, name: str) -> None:
        """Give a container a name."""
        self.everyone = [replace(r, name=name) if r.id == container else r for r in self.everyone]

    def remove(self, ids: Sequence[str], *, volumes: bool) -> None:
        """Forget them."""
        del volumes
        self.everyone = [r for r in self.everyone if r.id not in ids]

    def create(self, scales: Mapping[str, int]) -> None:
        """Remember what compose is asked for."""
        self.asked.append(scales)


def serving(*everyone: Replica) -> tuple[Fake, ServingEngine]:
    fake = Fake([*everyone])
    return fake, ServingEngine(cast("Everything", fake), lambda: NOON)


@pytest.mark.parametrize(
    "name", ["shop-app-1", "shop-app-1.draining", "shop.draining.1-app-1", ".draining.1.2"]
)
def test_another_name_says_nothing(name: str) -> None:
    assert read_detached(replace(replica(1), name=name)) is None


def test_a_name_says_since_when_and_until_when() -> None:
    assert read_detached(DRAINING) == DetachedReplica(DRAINING, "shop-app-3", NOON, NOON + 60)


def test_what_drains_on_is_none_of_its_services_replicas_unless_asked_for() -> None:
    _, engine = serving(DRAINING, replica(2))
    assert engine.replicas(["app"]) == (replica(2),)
    assert engine.replicas() == (replica(2),)
    assert [one.replica for one in engine.detached(["app"])] == [DRAINING]
    assert engine.detached(["other"]) == ()


def test_compose_counts_it_by_its_labels() -> None:
    fake, engine = serving(DRAINING, replica(2))
    engine.replicas()
    engine.create({"app": 2, "other": 1})
    assert fake.asked == [{"app": 3, "other": 1}]


def test_of_a_service_with_its_own_name_compose_is_never_asked_for_more_than_one() -> None:
    fake = Fake([DRAINING, replica(2)])
    engine = ServingEngine(cast("Everything", fake), lambda: NOON, {"app"})
    engine.replicas()
    engine.create({"app": 1})
    assert fake.asked == [{"app": 1}]


def test_what_was_removed_is_counted_no_more() -> None:
    fake, engine = serving(DRAINING, replica(2))
    engine.replicas()
    engine.remove([DRAINING.id], volumes=True)
    engine.create({"app": 2})
    assert fake.asked == [{"app": 2}]


def test_nobody_takes_the_name_it_had_nor_the_one_compose_would_give_it() -> None:
    _, engine = serving(DRAINING, replica(2))
    engine.replicas()
    assert engine.names() >= {"shop-app-3", "shop-app-1", DRAINING.name}


def test_the_next_number_follows_those_that_drain_on_too() -> None:
    label = replace(DRAINING, number=7)
    _, engine = serving(replace(label, number=3), label, replica(2))
    engine.replicas()
    assert engine.highest_detached("app") == 7
    assert engine.highest_detached("other") == 0


def test_setting_aside_twice_does_no_harm() -> None:
    fake, engine = serving(replica(1), replica(2))
    engine.detach([replica(1)], 60)
    before = list(fake.everyone)
    engine.detach([replica(1)], 90)
    assert fake.everyone == before
    assert [one.until for one in engine.detached(["app"])] == [NOON + 60]


def test_one_that_is_gone_is_not_missed() -> None:
    _, engine = serving(replica(1))
    engine.replicas(["app"])
    engine.detach([replica(2)], 60)
    assert engine.detached(["app"]) == ()
