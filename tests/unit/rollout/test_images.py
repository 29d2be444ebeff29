"""Pulling: what moved is told, what was rolled back stays away, what failed is taken back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.cli.signals import Signals
from composeroll.config.project import Project
from composeroll.config.settings import Pull
from composeroll.engine.compose.words import PullLine
from composeroll.engine.images import Image
from composeroll.errors import ComposerollError, EngineError, Interrupted, Refused
from composeroll.report.events import Event, Noted, Pulled, Warned
from composeroll.rollout.images import ComposeImages
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.update import Wanted, update_held
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import NO_GATEWAYS, engine_of, service

REFERENCE = "app:1"

Progress = Callable[[PullLine], None]
"""What is told each line about a pull."""


class Registry:
    """One reference, here and at the registry."""

    def __init__(self) -> None:
        self.here = "sha256:old"
        self.there = "sha256:new"

    def image(self, reference: str) -> Image | None:
        """What it names here; every image is known by its own digest."""
        assert reference == REFERENCE
        return Image(self.here, (f"app@{self.here}",))

    def pull(self, services: Mapping[str, str], on_progress: Progress) -> None:
        """Make it name what it names there."""
        assert list(services) == ["app"]
        del on_progress
        self.here = self.there

    def registry_digest(self, reference: str) -> str:
        """What it names there."""
        assert reference == REFERENCE
        return self.there

    def tag(self, image: str, reference: str) -> None:
        """Make it name an image."""
        assert reference == REFERENCE
        self.here = image


class Holds:
    """Versions that were rolled back."""

    def __init__(self, *held: str) -> None:
        self.held = held

    def held_back(self, service: str) -> tuple[str, ...]:
        """Its digests."""
        assert service == "app"
        return self.held

    def let_pass(self, service: str) -> None:
        """None any more."""
        assert service == "app"
        self.held = ()


class Nothing:
    """No version was rolled back."""

    def held_back(self, service: str) -> tuple[str, ...]:
        """None."""
        assert service
        return ()

    def let_pass(self, service: str) -> None:
        """Never asked for."""
        raise AssertionError(service)


def images(registry: Registry, holds: Holds, events: list[Event]) -> ComposeImages:
    one = service()
    return ComposeImages(registry, holds, Project("shop", {"app": one}), events.append)


def test_what_a_failed_rollout_pulled_is_not_left_for_a_plain_up() -> None:
    registry, events = Registry(), list[Event]()
    pulled = images(registry, Holds(), events)
    pulled.pull([service()], Pull.ALWAYS)
    assert events == [Pulled("app", REFERENCE, "sha256:new", moved=True)]
    pulled.take_back(used=())
    assert registry.here == "sha256:old"


@pytest.mark.parametrize("end", [Refused("manifest unknown"), Interrupted("SIGTERM", signum=15)])
def test_what_came_before_a_pull_broke_off_is_taken_back_too(end: ComposerollError) -> None:
    class Broken(Registry):
        def pull(self, services: Mapping[str, str], on_progress: Progress) -> None:
            super().pull(services, on_progress)
            raise end

    registry, events = Broken(), list[Event]()
    pulled = images(registry, Holds(), events)
    with pytest.raises(type(end)):
        pulled.pull([service()], Pull.ALWAYS)
    pulled.take_back(used=())
    assert (registry.here, events) == ("sha256:old", [])


def test_a_pull_that_moved_nothing_leaves_nothing_to_take_back() -> None:
    registry, events = Registry(), list[Event]()
    registry.there = registry.here
    pulled = images(registry, Holds(), events)
    pulled.pull([service()], Pull.ALWAYS)
    registry.here = "sha256:somebody's"
    pulled.take_back(used=())
    assert registry.here == "sha256:somebody's"


def test_what_another_service_runs_by_now_stays_what_their_reference_names() -> None:
    registry, events = Registry(), list[Event]()
    pulled = images(registry, Holds(), events)
    pulled.pull([service()], Pull.ALWAYS)
    pulled.take_back(used={"sha256:new"})
    assert registry.here == "sha256:new"
    assert isinstance(events[-1], Noted)


def test_a_reference_that_somebody_has_moved_since_the_pull_is_left_alone() -> None:
    registry = Registry()
    pulled = images(registry, Holds(), [])
    pulled.pull([service()], Pull.ALWAYS)
    registry.here = "sha256:somebody's"
    pulled.take_back(used=())
    assert registry.here == "sha256:somebody's"


class Several:
    """A registry of two references, one of which cannot be taken back."""

    def __init__(self) -> None:
        self.here = {"app:1": "sha256:old-app", "db:1": "sha256:old-db"}

    def image(self, reference: str) -> Image | None:
        """What it names here."""
        return Image(self.here[reference], ())

    def pull(self, services: Mapping[str, str], on_progress: Progress) -> None:
        """Make each name something new."""
        del on_progress
        self.here |= {f"{name}:1": f"sha256:new-{name}" for name in services}

    def registry_digest(self, reference: str) -> str:
        """Never asked for."""
        raise AssertionError(reference)

    def tag(self, image: str, reference: str) -> None:
        """Of `db` the old image was pruned."""
        if reference == "db:1":
            raise EngineError(f"No such image: {image}")
        self.here[reference] = image


def test_a_reference_that_cannot_be_taken_back_is_told_and_keeps_no_other_from_it() -> None:
    registry, events = Several(), list[Event]()
    services = [service("app"), service("db")]
    project = Project("shop", {one.name: one for one in services})
    pulled = ComposeImages(registry, Nothing(), project, events.append)
    pulled.pull(services, Pull.ALWAYS)
    pulled.take_back(used=())
    assert registry.here == {"app:1": "sha256:old-app", "db:1": "sha256:new-db"}
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert warned.text == "db:1 still names the pulled image: No such image: sha256:old-db"


def test_a_signal_amid_a_pull_leaves_no_reference_that_names_what_came() -> None:
    """What is told on the way back raises the signal once more, unless it is shielded."""

    class Signalled(Several):
        def pull(self, services: Mapping[str, str], on_progress: Progress) -> None:
            super().pull(services, on_progress)
            signal.raise_signal(signal.SIGTERM)

    registry, events, signals = Signalled(), list[Event](), Signals()
    services = [service("app"), service("db")]
    project = Project("shop", {one.name: one for one in services})
    emit = signals.heeded_by(events.append)
    pulled = ComposeImages(registry, Nothing(), project, emit)
    world = SimpleNamespace(emit=emit, shield=signals.shield, clock=VirtualClock())
    rooms = {"engine": engine_of(), "survey": NO_GATEWAYS, "images": pulled}
    stack = cast("Any", SimpleNamespace(world=world, project=project, **rooms))
    with signals.raised(), pytest.raises(Interrupted):
        update_held(stack, services, Wanted(("app", "db")), Intent())
    assert any(isinstance(event, Warned) for event in events)
    assert registry.here["app:1"] == "sha256:old-app"


def test_a_version_that_was_rolled_back_stays_away_until_somebody_insists() -> None:
    registry, events = Registry(), list[Event]()
    held = images(registry, Holds("sha256:new"), events)
    held.pull([service()], Pull.ALWAYS)
    assert registry.here == "sha256:old"
    assert isinstance(events[0], Noted)
    held.pull([service()], Pull.ALWAYS, insist=True)
    assert registry.here == "sha256:new"


def test_what_was_insisted_on_and_stayed_is_held_back_no_longer() -> None:
    registry, holds, events = Registry(), Holds("sha256:new"), list[Event]()
    images(registry, holds, events).pull([service()], Pull.ALWAYS, insist=True)
    images(registry, holds, events).pull([service()], Pull.ALWAYS)
    assert (registry.here, holds.held) == ("sha256:new", ())
    assert [type(event) for event in events] == [Pulled, Pulled]


def test_what_was_insisted_on_and_taken_back_is_held_back_as_before() -> None:
    registry, holds = Registry(), Holds("sha256:new")
    failed = images(registry, holds, [])
    failed.pull([service()], Pull.ALWAYS, insist=True)
    failed.take_back(used=())
    images(registry, holds, []).pull([service()], Pull.ALWAYS)
    assert (registry.here, holds.held) == ("sha256:old", ("sha256:new",))


def test_a_plan_of_what_is_insisted_on_does_not_say_that_it_stays_away() -> None:
    registry, holds, events = Registry(), Holds("sha256:new"), list[Event]()
    assert images(registry, holds, events).moved([service()], insist=True) == {"app"}
    assert (holds.held, events) == (("sha256:new",), [])


def test_a_version_that_two_registries_call_by_different_digests_is_held_by_each() -> None:
    registry, holds = Registry(), Holds("sha256:mirrored", "sha256:new")
    images(registry, holds, []).pull([service()], Pull.ALWAYS)
    assert (registry.here, holds.held) == ("sha256:old", ("sha256:mirrored", "sha256:new"))


def test_a_hold_ends_when_the_tag_has_moved_on() -> None:
    registry, holds, events = Registry(), Holds("sha256:bad"), list[Event]()
    images(registry, holds, events).pull([service()], Pull.ALWAYS)
    assert (registry.here, holds.held) == ("sha256:new", ())


def test_a_hold_on_what_the_tag_has_left_ends_where_somebody_insists_too() -> None:
    registry, holds = Registry(), Holds("sha256:bad")
    images(registry, holds, []).pull([service()], Pull.ALWAYS, insist=True)
    assert (registry.here, holds.held) == ("sha256:new", ())


def test_a_plan_tells_that_the_tag_has_moved_on_and_the_hold_stays() -> None:
    registry, holds = Registry(), Holds("sha256:bad")
    assert images(registry, holds, []).moved([service()]) == {"app"}
    assert (registry.here, holds.held) == ("sha256:old", ("sha256:bad",))


def test_only_what_would_be_pulled_is_asked_for_and_nothing_is_pulled_or_let_pass() -> None:
    registry, holds = Registry(), Holds("sha256:bad")
    asking = images(registry, holds, [])
    assert asking.unavailable([service(), service("db", pull_policy="never")]) == {}
    assert (registry.here, holds.held) == ("sha256:old", ("sha256:bad",))


class Each(Holds):
    """Versions that were rolled back, service by service."""

    def __init__(self, **held: str) -> None:
        super().__init__()
        self.each = held

    def held_back(self, service: str) -> tuple[str, ...]:
        """Its digest."""
        return (self.each[service],) if service in self.each else ()

    def let_pass(self, service: str) -> None:
        """None any more."""
        self.each.pop(service, None)


def of_one_image(registry: Registry, holds: Holds, events: list[Event]) -> ComposeImages:
    """App, and a worker of the same image."""
    services = {"app": service(), "worker": service("worker", image=REFERENCE)}
    return ComposeImages(registry, holds, Project("shop", services), events.append)


def test_a_version_that_was_rolled_back_stays_away_from_all_services_of_its_image() -> None:
    registry, holds, events = (
        Registry(),
        Each(worker="sha256:new", app="sha256:older"),
        list[Event](),
    )
    images_of_both = of_one_image(registry, holds, events)
    assert not images_of_both.moved([service()])
    images_of_both.pull([service()], Pull.ALWAYS)
    assert (registry.here, set(holds.each)) == ("sha256:old", {"app", "worker"})
    assert events
    assert all("the version that worker was rolled back from" in str(note) for note in events)


def test_a_tag_that_has_moved_on_ends_the_holds_of_all_services_of_its_image() -> None:
    registry, holds = Registry(), Each(worker="sha256:bad")
    of_one_image(registry, holds, []).pull([service()], Pull.ALWAYS)
    assert (registry.here, holds.each) == ("sha256:new", {})


class Empty(Registry):
    """One that does not have the image."""

    def registry_digest(self, reference: str) -> str:
        """There is none."""
        raise Refused(f"{reference}: manifest unknown")


def test_a_plan_without_an_image_names_the_service_and_the_image() -> None:
    with pytest.raises(Refused) as error:
        images(Empty(), Holds(), []).moved([service()])
    what = "the image of app, app:1, is not available: app:1: manifest unknown"
    assert (error.value.what, error.value.serving) == (what, "nothing was touched")


class Closed(Empty):
    """One that gives nothing to anybody."""

    def pull(self, services: Mapping[str, str], on_progress: Progress) -> None:
        """It is refused."""
        assert list(services) == ["app"]
        del on_progress
        raise Refused("pull access denied", help="is the tag pushed?")


@pytest.mark.parametrize(("raw", "events"), [({"build": {"context": "."}}, True), ({}, False)])
def test_who_builds_an_image_with_a_name_is_told_how_to_go_without_a_pull(
    raw: dict[str, Any], *, events: bool
) -> None:
    with pytest.raises(Refused) as error:
        images(Closed(), Holds(), []).pull([service(**raw)], Pull.ALWAYS)
    built = "if it is only built here: --pull missing, or services.app.pull_policy: never"
    assert error.value.help == "is the tag pushed?" + (f"; {built}" if events else "")
    with pytest.raises(Refused) as error:
        images(Closed(), Holds(), []).moved([service(**raw)])
    assert error.value.help == (built if events else None)


def test_what_a_registry_does_not_give_is_told_with_its_reason() -> None:
    (events,) = images(Empty(), Holds(), []).unavailable([service()]).items()
    assert (events[0], events[1].what) == ("app", "app:1: manifest unknown")
