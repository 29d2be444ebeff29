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
    ("images", "preflight", "asked", "outdated"),
    [
        ((OLD, OLD), True, {}, 2),
        ((OLD, OLD), False, {"app": 2}, 2),
        ((NEW, OLD), True, {"app": 2}, 2),
        ((NEW, NEW), True, {"app": 2}, 1),
        ((), True, {}, 0),
        ((), False, {"app": 1}, 0),
    ],
)
def test_compose_is_asked_only_where_neither_the_image_nor_another_question_tells_it(
    images: tuple[str, ...], *, preflight: bool, asked: Mapping[str, int], outdated: int
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
    survey = SimpleNamespace(look=lambda *_, **_more: Places())
    rooms = cast("Any", engine), cast("Any", survey)
    seen = observe(shop, shop.pick(["app"]), *rooms, preflight=preflight)
    (state,) = seen.services
    assert scales == [asked]
    assert len(state.outdated) == outdated
    assert (CHANGED in state.outdated.values()) is (images[:1] == (NEW,))
