"""Taking a creation back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.rollout.steps import CreateReplicas, before
from tests.unit.rollout.makers import NEW, OLD, replica


def test_a_new_container_of_another_image_than_was_pulled_is_named() -> None:
    old, right, wrong = replica(1), replica(2, NEW), replica(3)
    engine = SimpleNamespace(replicas=lambda _: (old, right, wrong), create=lambda _: None)
    create = CreateReplicas("app", 2, 3, before([old]), NEW)
    with pytest.raises(EngineError, match=f"{wrong.name} was made from {OLD}, not {NEW}"):
        create.do(cast("Any", SimpleNamespace(engine=engine)))


def test_new_containers_that_cannot_be_removed_are_told() -> None:
    """The engine has said yes each time."""
    old, new = replica(1), replica(2)

    def accept(*arguments: object, **more: object) -> None:
        del arguments, more

    engine = SimpleNamespace(
        replicas=lambda _: (old, new), forbid_restart=accept, stop=accept, remove=accept
    )
    create = CreateReplicas("app", 1, 2, before([old]), new.image)
    with pytest.raises(EngineError, match="new containers of app are there"):
        create.undo(cast("Any", SimpleNamespace(engine=engine)))
