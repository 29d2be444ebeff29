"""One look at the services asks for no more than it needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.config.project import read_project
from composeroll.rollout.observe import CHANGED, observe
from composeroll.rollout.observed import Places
from tests.unit.rollout.makers import NEW, OLD, replica


@pytest.mark.parametrize(
    ("images", "asked", "outdated"),
    [
        ((OLD, OLD), {}, 2),
        ((NEW, OLD), {"app": 2}, 2),
        ((NEW, NEW), {"app": 2}, 1),
        ((), {}, 0),
    ],
)
def test_compose_is_asked_only_where_the_image_does_not_tell_it(
    images: tuple[str, ...], asked: Mapping[str, int], outdated: int
) -> None:
    """It would recreate the first in any case."""
    shop = read_project({"name": "shop", "services": {"app": {"image": "app:1"}}}, [])
    replicas = tuple(replica(number, image) for number, image in enumerate(images, 1))
    scales: list[Mapping[str, int]] = []

    def verdicts(scale: Mapping[str, int]) -> Mapping[str, str]:
        scales.append(scale)
        return {r.name: "Recreate" for r in replicas[:1]} if scale else {}

    engine = SimpleNamespace(
        replicas=lambda: replicas,
        names=frozenset,
        image_id=lambda _: NEW,
        outdated=verdicts,
        preflight=lambda _: (),
    )
    survey = SimpleNamespace(look=lambda *_, preflight: Places() if preflight else None)
    seen = observe(shop, shop.pick(["app"]), cast("Any", engine), cast("Any", survey))
    (state,) = seen.services
    assert scales == [asked]
    assert len(state.outdated) == outdated
    assert (CHANGED in state.outdated.values()) is (images[:1] == (NEW,))
