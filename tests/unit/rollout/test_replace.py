"""What compose recreates in place, and how it is brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import EngineError
from composeroll.model import ContainerState, Mount, Replica
from composeroll.rollout.steps import RemoveVolumes, ReplaceReplicas
from tests.unit.rollout.makers import NEW, OLD, replica

EXITED = ContainerState.EXITED
BEFORE = replace(replica(1, OLD), config_hash="as before")
VOLUME = "a" * 64
AFTER = replace(
    replica(1, NEW),
    id="e" * 64,
    config_hash="as before",
    mounts=(Mount("/data", "volume", writable=True, volume=VOLUME),),
)
PASSING = replace(AFTER, name=f"{BEFORE.id[:12]}_{BEFORE.name}", id="f" * 64)
STEP = ReplaceReplicas("app", 1, OLD, "app:1", renew_volumes=False, definition="as before")
RENEWS = replace(STEP, renew_volumes=True, gap=False)
BY_DIGEST = replace(STEP, reference=f"app@sha256:{'d' * 64}")


@dataclass
class Engine:
    """One service's containers, what they become when compose recreates them, and what was done."""

    containers: tuple[Replica, ...]
    recreated: tuple[Replica, ...] = (BEFORE,)
    done: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def world(self) -> Any:  # noqa: ANN401 - as much of a World as the step touches
        """What the step is given."""
        engine = SimpleNamespace(
            replicas=lambda _: self.containers,
            tag=lambda *what: self.done.append(("tag", *what)),
            stop=lambda graces: self.done.append(("stop", graces)),
            remove=lambda ids, *, volumes: self.done.append(("remove", tuple(ids), volumes)),
            recreate=self._recreate,
            remove_volumes=lambda names: self.done.append(("remove volumes", tuple(names))),
        )
        return cast("Any", SimpleNamespace(engine=engine))

    def _recreate(self, service: str, count: int, *, renew_volumes: bool) -> None:
        self.done.append(("recreate", service, count, renew_volumes))
        self.containers = self.recreated

    @property
    def words(self) -> list[object]:
        """What was done, without what was done to nobody."""
        return [what for what, *rest in self.done if rest[0] != ()]


def test_a_successor_that_was_left_goes_first_but_keeps_the_volumes_it_may_share() -> None:
    engine = Engine((BEFORE, PASSING))
    STEP.do(engine.world)
    assert engine.done == [
        ("stop", {PASSING.id: None}),
        ("remove", (PASSING.id,), False),
        ("recreate", "app", 1, False),
    ]


@pytest.mark.parametrize(
    ("step", "now"),
    [
        (STEP, BEFORE),
        (RENEWS, BEFORE),
        (RENEWS, replace(BEFORE, state=EXITED)),
        (replace(STEP, definition=""), replace(BEFORE, config_hash="another")),
    ],
)
def test_what_is_as_it_was_is_left_alone_on_the_way_back(
    step: ReplaceReplicas, now: Replica
) -> None:
    engine = Engine((now,))
    step.undo(engine.world)
    assert engine.done == []


@pytest.mark.parametrize(
    "now",
    [
        (AFTER,),
        (replace(BEFORE, state=EXITED),),
        (replace(BEFORE, name=PASSING.name),),
        (replace(BEFORE, config_hash="another"),),
        (BEFORE, PASSING),
        (),
    ],
)
def test_whatever_else_is_there_is_recreated_from_the_image_of_before(
    now: Sequence[Replica],
) -> None:
    engine = Engine(tuple(now))
    STEP.undo(engine.world)
    assert engine.words[0] == "tag"
    assert engine.done[0] == ("tag", OLD, "app:1")
    assert engine.done[-1] == ("recreate", "app", 1, False)


def test_with_new_volumes_those_of_what_is_taken_back_go() -> None:
    engine = Engine((AFTER,))
    RENEWS.undo(engine.world)
    assert engine.done[-2:] == [("recreate", "app", 1, True), ("remove volumes", (VOLUME,))]


def test_volumes_without_a_name_are_called_by_twelve_digits_as_docker_does() -> None:
    assert str(RemoveVolumes("code", (VOLUME,))) == f"remove the old volumes of code: {'a' * 12}"


def test_an_image_by_its_digest_has_no_other_name_to_be_given() -> None:
    engine = Engine((AFTER,), recreated=(AFTER,))
    with pytest.raises(EngineError, match="names the image of app by its digest"):
        BY_DIGEST.undo(engine.world)
    assert "tag" not in engine.words
    BY_DIGEST.undo(Engine((replace(BEFORE, state=EXITED),)).world)


def test_a_definition_that_has_changed_since_is_said_to_stay() -> None:
    engine = Engine((AFTER,), recreated=(replace(BEFORE, config_hash="another"),))
    with pytest.raises(EngineError, match="has the previous image with the new definition"):
        STEP.undo(engine.world)


def test_another_image_under_a_tag_that_was_moved_back_is_nobodys_lie() -> None:
    """Only what is named by its digest cannot have had another."""
    STEP.undo(Engine((AFTER,), recreated=(AFTER,)).world)
