"""Everything a verb works on: the compose project, and the rooms that answer for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from composeroll.config.project import Project, Service
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, Interrupted
from composeroll.model import Locate
from composeroll.rollout.history.revision import Result, Revision
from composeroll.rollout.lock.note import Held, Intent
from composeroll.rollout.observing.observe import Engine, Survey
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.world import World


class Images(Protocol):
    """Where images come from."""

    def pull(self, services: Sequence[Service], policy: Pull, *, insist: bool = False) -> None:
        """Pull the services' images, as `policy` says.

        A version that was rolled back is skipped until its tag moves; with `insist` it is not.

        Raises:
            EngineUnreachable: a registry does not answer.
            Refused: a registry does not have the image, or refuses it.
        """
        ...

    def take_back(self, used: Collection[str]) -> None:
        """Let the references name again what they named before the pull.

        References that were moved since, or whose image is among those `used`, stay.
        """
        ...

    def moved(self, services: Sequence[Service], *, insist: bool = False) -> frozenset[str]:
        """Return the services for which `pull` would bring another image than the engine has."""
        ...

    def unavailable(self, services: Sequence[Service]) -> Mapping[str, ComposerollError]:
        """Return why a pull would fail, by service. Pulls nothing."""
        ...


class Locks(Protocol):
    """The locks of the project's services."""

    @property
    def interrupted(self) -> Interrupted | None:
        """A signal that came while locks were released: it ends `sync --watch`, nothing else."""
        ...

    def hold(
        self, services: Sequence[str], patience: float, beside: Sequence[str] = ()
    ) -> AbstractContextManager[Intent]:
        """Hold the services' locks in a `with` block; wait for other runs for `patience` seconds.

        The block gets the intent of broken rollouts of these services. The locks `beside` are held
        only to keep other runs from rolling out those services.

        Raises:
            Locked: another run has one.
        """
        ...

    def record_intent(self, intent: Intent, *, overrule: bool = False) -> Intent:
        """Write an intent into the locks; return it joined with that of a broken rollout.

        If both differ, the older one wins; with `overrule`, this one.
        """
        ...

    def broke_off(self, services: Sequence[str]) -> bool:
        """Return whether a rollout of one of these services broke off and was not finished yet."""
        ...

    def leave_to_others(self) -> None:
        """Keep the notes of a broken rollout for the next run, after this one ends."""
        ...

    def describe(self) -> tuple[Held, ...]:
        """Return the locks that are held, and by which run."""
        ...

    def break_open(self, services: Sequence[str]) -> tuple[Held, ...]:
        """Remove the services' locks, and return them."""
        ...


class History(Protocol):
    """What the services ran: see `composeroll.rollout.history.book`."""

    def revisions(self, service: str) -> tuple[Revision, ...]:
        """Return a service's revisions, oldest first."""
        ...

    def keep_what_runs(self, states: Sequence[ServiceState]) -> tuple[str, ...]:
        """Tag the images that run now, before a rollout; return services whose image is gone."""
        ...

    def record(
        self,
        states: Sequence[ServiceState],
        result: Result,
        seconds: float,
        counts: Mapping[str, int],
        images: Mapping[str, str],
    ) -> None:
        """Record how a rollout ended, for each service that it brought an image to."""
        ...

    def settled(self, service: str) -> int:
        """Return how many replicas the last successful rollout left, 0 if unknown."""
        ...

    def held_as(self, service: str, image: str) -> str:
        """Return the tag that marks this image as rolled back, empty if there is none."""
        ...

    def held_images(self, service: str) -> tuple[str, ...]:
        """Return the images that were rolled back, which updates skip."""
        ...

    def gateway(self, service: str) -> str:
        """Return the service whose nginx sent it requests at its last rollout, empty if unknown."""
        ...

    def hold_back(self, service: str, image: str) -> None:
        """Mark one more image as rolled back, so that updates skip it."""
        ...

    def let_pass(self, service: str) -> None:
        """Let updates use every image again."""
        ...

    def let_one_pass(self, service: str, image: str) -> None:
        """Let updates use this image again."""
        ...


class Host(Protocol):
    """The engine's host: its memory, in bytes, and which engine it is."""

    def memory_used_by(self, containers: Iterable[str]) -> Mapping[str, int]:
        """Return the memory that running containers use, by full ID."""
        ...

    def memory_left(self) -> int:
        """Return the memory that is left on the host."""
        ...

    def engine_version(self) -> str:
        """Return the engine's version, for example `28.5.2`."""
        ...


class Stack(Struct, frozen=True):
    """A compose project, with the rooms that read and change it.

    Attributes:
        active: returns the services of the active profiles, by compose's own rule.
        directory: what relative paths in the compose files are relative to.
        shows_replicas: whether the output shows each replica's state; if not, it is not read.
    """

    project: Project
    engine: Engine
    images: Images
    survey: Survey
    world: World
    locate: Locate
    locks: Locks
    book: History
    host: Host
    active: Callable[[], Collection[str]]
    directory: str = ""
    shows_replicas: bool = True
