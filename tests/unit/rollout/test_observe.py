"""One look at the services asks for no more than it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from composeroll.config.project import read_project
from composeroll.model import Replica
from composeroll.rollout.observing.observe import CHANGED, observe
from composeroll.rollout.observing.observed import ServiceState
from tests.unit.rollout.makers import NEW, NO_GATEWAYS, OLD, engine_of, replica


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
    replicas = tuple(replica(number, image) for number, image in enumerate(images, 1))
    scales: list[Mapping[str, int]] = []

    def verdicts(scale: Mapping[str, int]) -> Mapping[str, str]:
        scales.append(scale)
        return {r.name: "Recreate" for r in replicas[:1]} if scale else {}

    state = looked_at(replicas, NEW, verdicts, lambda _: (), preflight=preflight)
    assert scales == [asked]
    assert len(state.outdated) == outdated
    assert (CHANGED in state.outdated.values()) is (images[:1] == (NEW,))


def test_compose_is_asked_nothing_about_a_service_whose_image_is_not_on_the_engine() -> None:
    """It would end with the engine's refusal where a container has a volume."""

    def nothing(scale: Mapping[str, int]) -> Any:  # noqa: ANN401 - as `up --dry-run` says it
        assert not scale
        return {}

    state = looked_at((replica(1, OLD),), None, nothing, nothing, preflight=True)
    assert list(state.outdated.values()) == ["app:1 is not on the engine"]


def test_images_of_hooks_that_are_not_on_the_engine_are_told() -> None:
    hooks = [{"command": ["a"], "image": name} for name in ("tool:1", "other:1")]
    app = {"image": "app:1", "pre_start": hooks}
    shop = read_project({"name": "shop", "services": {"app": app}}, [])
    room = engine_of(
        replicas=lambda: (),
        image_id=lambda name: None if name == "tool:1" else NEW,
        verdicts=lambda _: {},
        preflight=lambda _: (),
    )
    (state,) = observe(shop, shop.pick(["app"]), room, NO_GATEWAYS, preflight=True).services
    assert state.lacking == ("tool:1",)


@pytest.mark.parametrize("namespace", ["pid", "ipc"])
def test_who_shares_a_namespace_of_a_service_is_known(namespace: str) -> None:
    services = {
        "app": {"image": "app:1"},
        "reloader": {"image": "reloader:1", namespace: "service:app"},
        "agent": {"image": "agent:1", namespace: "host"},
    }
    shop = read_project({"name": "shop", "services": services}, [])
    room = engine_of(
        replicas=lambda: (),
        image_id=lambda _: NEW,
        verdicts=lambda _: {},
        preflight=lambda _: (),
    )
    (state,) = observe(shop, shop.pick(["app"]), room, NO_GATEWAYS, preflight=True).services
    assert state.guests == ("reloader",)


def looked_at(
    replicas: tuple[Replica, ...],
    image: str | None,
    verdicts: Callable[[Mapping[str, int]], Mapping[str, str]],
    doubled: Callable[[Mapping[str, int]], tuple[str, ...]],
    *,
    preflight: bool,
) -> ServiceState:
    """A service of these replicas, whose reference names an image, as compose answers about it."""
    shop = read_project({"name": "shop", "services": {"app": {"image": "app:1"}}}, [])
    asked = {"image_id": lambda _: image, "verdicts": verdicts, "preflight": doubled}
    rooms = engine_of(replicas=lambda: replicas, **asked), NO_GATEWAYS
    (state,) = observe(shop, shop.pick(["app"]), *rooms, preflight=preflight).services
    return state
