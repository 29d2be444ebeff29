"""Taking a creation back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.rollout.steps import CreateReplicas, before
from tests.unit.rollout.makers import replica


def test_new_containers_that_cannot_be_removed_are_told() -> None:
    """The engine has said yes each time."""
    old, new = replica(1), replica(2)

    def accept(*told: object, **more: object) -> None:
        del told, more

    engine = SimpleNamespace(
        replicas=lambda _: (old, new), forbid_restart=accept, stop=accept, remove=accept
    )
    create = CreateReplicas("app", 1, 2, before([old]), new.image)
    with pytest.raises(EngineError, match="new containers of app are there"):
        create.undo(cast("Any", SimpleNamespace(engine=engine)))
