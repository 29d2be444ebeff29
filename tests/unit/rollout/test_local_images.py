"""New replicas need their images on the engine, those of their hooks included."""

from __future__ import annotations

import pytest

from composeroll.errors import Refused
from composeroll.rollout.checks.local_images import require_images
from composeroll.rollout.observing.observed import Observed
from tests.unit.rollout.makers import MOVED, NEW, replica, service, state


def test_an_image_that_a_hook_needs_is_missed_before_anything_stops() -> None:
    """Compose pulls none where it recreates, and has removed the old ones when it looks for it."""
    one = state([replica(1)], image=NEW, lacking=("tool:1", "other:1"))
    with pytest.raises(Refused) as refused:
        require_images(Observed("shop", (one,)), {replica(1).id: MOVED})
    assert refused.value.what.endswith(": tool:1 of app, other:1 of app")
    assert refused.value.help == "`docker pull tool:1`; `docker pull other:1`"
    require_images(Observed("shop", (one,)), {})


def test_an_image_of_its_own_is_missed_too() -> None:
    one = state([replica(1)], image="", reference="app:1")
    with pytest.raises(Refused, match="app:1 of app") as refused:
        require_images(Observed("shop", (one,)), {replica(1).id: MOVED})
    assert refused.value.help == "`docker pull app:1`"


def test_what_is_never_pulled_is_not_looked_for_in_a_registry() -> None:
    one = state([replica(1)], of=service(pull_policy="never"), image="", reference="app:2")
    with pytest.raises(Refused, match="app:2 of app") as refused:
        require_images(Observed("shop", (one,)), {replica(1).id: MOVED})
    assert "docker pull" not in (refused.value.help or "")
    assert "services.app.image" in (refused.value.help or "")
