"""The registry and the engine's own tags, and how the containers of each image behave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composeroll.config.project import Project, Service, reference_of
from composeroll.config.settings import Pull
from composeroll.errors import EngineUnreachable
from tests.sim.faults import Faults


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a container of an image behaves; seconds from its start, None for never.

    Attributes:
        exits: it ends at once and well, as a container does that only holds data.
    """

    ready_after: float | None = 0.3
    dies_after: float | None = None
    exits: bool = False


SOUND = Behaviour()


class Images:
    """Answers to `composeroll.rollout.stack.Images`; says what a tag names on the engine."""

    def __init__(self, project: Project, faults: Faults) -> None:
        self.here: dict[str, str] = {}
        self._there: dict[str, str] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._project = project
        self._faults = faults
        self._before: dict[str, str] = {}

    def push(self, service: str, image: str, behaviour: Behaviour = SOUND) -> str:
        """Make the service's tag in the registry name a new image."""
        identity = f"sha256:{image}"
        self._there[self.reference(service)] = identity
        self._behaviours[identity] = behaviour
        return identity

    def behaviour(self, image: str) -> Behaviour:
        """How its containers behave."""
        return self._behaviours[image]

    def reference(self, service: str) -> str:
        """The tag a service is made from."""
        return reference_of(self._project, self._project.services[service])

    def newest(self, service: str) -> str:
        """The image its tag names in the registry."""
        return self._there[self.reference(service)]

    def fetch(self, service: str) -> None:
        """Bring the tag here, outside of any rollout."""
        self.here[self.reference(service)] = self.newest(service)

    def pull(self, services: Sequence[Service], policy: Pull, *, insist: bool = False) -> None:
        """One tag after the other; nothing is ever held back here."""
        del insist
        self._before = dict(self.here)
        for service in services if policy is not Pull.NEVER else ():
            with self._faults.change(f"pull {service.name}", EngineUnreachable):
                self.fetch(service.name)

    def take_back(self) -> None:
        """Every tag as it was before the last pull; this changes no container."""
        self._faults.alive()
        self.here.update(self._before)
        self._before = {}

    def moved(self, services: Sequence[Service]) -> frozenset[str]:
        """Whose tag names something else there than here."""
        references = {s.name: self.reference(s.name) for s in services}
        return frozenset(n for n, r in references.items() if self._there[r] != self.here.get(r))
