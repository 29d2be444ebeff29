"""The registry and the engine's own images and tags, and how containers of each image behave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from composeroll.config.project import Project, reference_of
from composeroll.engine.compose.words import PullLine
from composeroll.engine.images import Image
from composeroll.errors import EngineError, EngineUnreachable
from tests.sim.faults import Faults


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a container of an image behaves; seconds from its start, None for never.

    Attributes:
        restarts_after: when it dies and is started again, so quickly that nobody sees it down.
        exits: it ends by itself, as a container does that only holds data.
        lasts: after how many seconds it does so; 0: at once.
        code: what it ends with.
        errs: the part of its answers that is 5xx.
    """

    ready_after: float | None = 0.3
    dies_after: float | None = None
    restarts_after: float | None = None
    exits: bool = False
    lasts: float = 0.0
    code: int = 0
    errs: float = 0.0


SOUND = Behaviour()

SICK = {
    "never ready": Behaviour(ready_after=None),
    "dead at once": Behaviour(dies_after=0.0),
    "dead before it is ready": Behaviour(dies_after=0.2),
    "dead while the old ones drain": Behaviour(dies_after=0.6),
}


class Images:
    """Answers to what `composeroll.rollout.images` and `….history.book` need of an engine.

    Attributes:
        here: the image that each reference names on the engine.
    """

    def __init__(self, project: Project, faults: Faults) -> None:
        self.here: dict[str, str] = {}
        self._local: set[str] = set()
        self._there: dict[str, str] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._project = project
        self._faults = faults

    def read(self, project: Project) -> None:
        """Go by another file from now on."""
        self._project = project

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
        self._local.add(self.newest(service))

    def prune(self, used: Collection[str], *, every: bool) -> None:
        """`docker image prune`; with `every` what no container uses goes, tags and all."""
        if every:
            self.here = {tag: image for tag, image in self.here.items() if image in used}
        self._local &= {*used, *self.here.values()}

    def image(self, reference: str) -> Image | None:
        """The image that a reference or an ID names here."""
        self._faults.ask("read an image")
        known = self.here.get(reference, reference)
        return Image(known, (f"r@{_digest(known)}",)) if known in self._local else None

    def pull(self, services: Mapping[str, str], on_progress: Callable[[PullLine], None]) -> None:
        """`docker compose pull`: one tag after the other."""
        del on_progress
        for service in services:
            with self._faults.change(f"pull {service}", EngineUnreachable):
                self.fetch(service)

    def registry_digest(self, reference: str) -> str:
        """What a tag names at the registry."""
        self._faults.ask("ask the registry for a digest", EngineUnreachable)
        return _digest(self._there[reference])

    def tag(self, image: str, reference: str) -> None:
        """Let a reference name an image."""
        with self._faults.change(f"tag {image} as {reference}"):
            if image not in self._local:
                raise EngineError(f"No such image: {image}")
            if "@" in reference:
                raise EngineError("refusing to create a tag with a digest reference")
            self.here[reference] = image

    def untag(self, reference: str) -> None:
        """Take a reference away; one that is not there is fine."""
        with self._faults.change(f"untag {reference}"):
            self.here.pop(reference, None)


def _digest(image: str) -> str:
    return image.replace("sha256:", "sha256:of-")
