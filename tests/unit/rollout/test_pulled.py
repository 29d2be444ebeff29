"""What a rollout is decided by was seen beside its pull, unless the pull was long."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.config.project import read_project
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.update import FRESH, Wanted, pull_and_look
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NEW, NO_GATEWAYS, OLD, engine_of, replica


class Engine:
    """An engine on which a pull brings an image, while somebody replaces a container."""

    def __init__(self, image: str | None, seconds: float) -> None:
        self.clock = VirtualClock()
        self.image = image
        self.number = 1
        self._seconds = seconds

    def pull(self, *_: object, **_more: object) -> None:
        """Let it come."""
        self.clock.wait(self._seconds)
        self.image, self.number = NEW, 2

    def doubled(self, scales: Mapping[str, int]) -> tuple[str, ...]:
        """What compose would do to double a service."""
        return tuple(f"Network shop_{name} Recreate" for name in scales)


def seen_by(engine: Engine) -> Observed:
    """What an update of the one service goes by."""
    shop = read_project({"name": "shop", "services": {"app": {"image": "app:1"}}}, [])
    room = engine_of(
        replicas=lambda: (replica(engine.number, OLD),),
        image_id=lambda _: engine.image,
        preflight=engine.doubled,
    )
    world = SimpleNamespace(clock=engine.clock, emit=lambda _: None)
    images = SimpleNamespace(pull=engine.pull)
    rooms: dict[str, Any] = {"engine": room, "survey": NO_GATEWAYS, "images": images}
    stack = cast("Any", SimpleNamespace(project=shop, world=world, **rooms))
    return pull_and_look(stack, shop.pick(["app"]), Wanted(("app",)))


@pytest.mark.parametrize(("seconds", "number"), [(FRESH / 2, 1), (FRESH * 2, 2)])
def test_a_look_beside_a_pull_is_gone_by_only_while_it_is_fresh(
    seconds: float, number: int
) -> None:
    (state,) = seen_by(Engine(OLD, seconds)).services
    assert state.image == NEW
    assert [r.number for r in state.replicas] == [number]


def test_compose_is_asked_again_about_what_it_could_not_tell_before_the_pull() -> None:
    """Of a service whose image is not on the engine it says nothing."""
    assert seen_by(Engine(None, FRESH / 2)).obstacles == ("Network shop_app Recreate",)
