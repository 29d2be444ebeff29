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
from composeroll.rollout.lock.note import Held, Memory
from composeroll.rollout.observe import Engine, Survey
from composeroll.rollout.observed import ServiceState
from composeroll.rollout.world import World


class Images(Protocol):
    """Where images come from."""

    def pull(self, services: Sequence[Service], policy: Pull, *, insist: bool = False) -> None:
        """Get the services' images from their registry, as `policy` says.

        A version that was rolled back stays away until its tag moves, or somebody insists.

        Raises:
            EngineUnreachable: a registry does not answer.
            Refused: a registry does not have the image, or does not give it.
        """
        ...

    def take_back(self, used: Collection[str]) -> None:
        """Let the references name again what they named before the pull.

        Those stay that others have moved since, or whose image is one of these in use.
        """
        ...

    def moved(self, services: Sequence[Service], *, insist: bool = False) -> frozenset[str]:
        """The services for which `pull` would bring another image than is on the engine."""
        ...

    def unavailable(self, services: Sequence[Service]) -> Mapping[str, ComposerollError]:
        """Why a pull would fail, by service. Pulls nothing, and forgets nothing."""
        ...


class Locks(Protocol):
    """The locks of the project's services."""

    @property
    def interrupted(self) -> Interrupted | None:
        """A signal that came as locks were let go: it ends who stays, and nothing that is done."""
        ...

    def hold(
        self, services: Sequence[str], patience: float, beside: Sequence[str] = ()
    ) -> AbstractContextManager[Memory]:
        """Hold the services' locks, waiting `patience` seconds for whoever has them.

        What comes out is what broken rollouts of them left to do. The locks `beside` are held so
        that nobody rolls those services meanwhile.

        Raises:
            Locked: somebody has one.
        """
        ...

    def remember(self, memory: Memory, *, anew: bool = False) -> Memory:
        """Write down what is to be done; what comes back includes what a broken rollout left.

        Where both differ, what was left holds, unless this was asked for `anew`.
        """
        ...

    def broke_off(self, services: Sequence[str]) -> bool:
        """Whether a rollout of one of these services was cut off, and nobody has taken over yet."""
        ...

    def leave_to_others(self) -> None:
        """Keep what a broken rollout left for the next one, instead of forgetting it at the end."""
        ...

    def describe(self) -> tuple[Held, ...]:
        """Who holds which service."""
        ...

    def break_open(self, services: Sequence[str]) -> tuple[Held, ...]:
        """Take the services' locks away from whoever has them; who that was."""
        ...


class History(Protocol):
    """What the services ran: see `composeroll.rollout.history.book`."""

    def revisions(self, service: str) -> tuple[Revision, ...]:
        """A service's revisions, oldest first."""
        ...

    def keep_what_runs(self, states: Sequence[ServiceState]) -> tuple[str, ...]:
        """Keep the images that run now, before a rollout replaces them; whose are gone."""
        ...

    def record(
        self,
        states: Sequence[ServiceState],
        result: Result,
        seconds: float,
        counts: Mapping[str, int],
        images: Mapping[str, str],
    ) -> None:
        """Write down how a rollout ended, for each service with an image that it brought."""
        ...

    def settled(self, service: str) -> int:
        """How many replicas the last rollout that ended well was to leave, 0 where nobody knows."""
        ...

    def held_as(self, service: str, image: str) -> str:
        """The tag that holds this image back, empty where none does."""
        ...

    def held_images(self, service: str) -> tuple[str, ...]:
        """The images that a scheduled refresh is not to bring back."""
        ...

    def gateway(self, service: str) -> str:
        """Whose nginx sent it requests when it last came to serve, empty where none is known."""
        ...

    def hold_back(self, service: str, image: str) -> None:
        """Remember one more version that a scheduled refresh is not to bring back."""
        ...

    def let_pass(self, service: str) -> None:
        """Hold nothing back any more."""
        ...

    def let_one_pass(self, service: str, image: str) -> None:
        """No longer hold back what was held back last."""
        ...


class Host(Protocol):
    """The engine's host: its memory, in bytes, and which engine it is."""

    def memory_used_by(self, containers: Iterable[str]) -> Mapping[str, int]:
        """What running containers use, by full ID."""
        ...

    def memory_left(self) -> int:
        """What the host can still give."""
        ...

    def engine_version(self) -> str:
        """The engine's version, as it tells it itself: `28.5.2`."""
        ...


class Stack(Struct, frozen=True):
    """A compose project with everything that can be asked of it and done to it.

    Attributes:
        active: finds the services that are meant where none is named, by compose's own rule.
        directory: from where relative paths of its files count.
        shows_replicas: whether anybody sees how each replica fares: else nobody looks it up.
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
