"""The history of one project, written after each rollout, and the images kept for rollbacks.

No stopped containers are kept: compose would count them toward the scale, and start them again. An
image with a tag of composeroll's is harmless, and `docker image prune` leaves it alone; with `-a`
it removes every image that no container uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count, takewhile
from operator import itemgetter
from typing import Protocol

from composeroll.engine.images import Image
from composeroll.model import ContainerState
from composeroll.rollout.history.kept import kept_tag
from composeroll.rollout.history.revision import (
    Result,
    Revision,
    last_served,
    parse_revisions,
    running,
    write_revisions,
)
from composeroll.rollout.lock.holder import Holder
from composeroll.rollout.observing.observed import ServiceState

LONGEST = 200
"""How many revisions a service's history has, besides the last one of each kept image."""


class Ledger(Protocol):
    """Texts on the engine: see `composeroll.engine.ledger`."""

    def read(self, project: str, name: str) -> str:
        """Return a text, empty if there is none."""
        ...

    def write(self, project: str, name: str, text: str) -> None:
        """Replace a text."""
        ...


class Images(Protocol):
    """The engine's images."""

    def image(self, reference: str) -> Image | None:
        """Return the image that a reference or ID names, None if there is none."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Make a reference name an image."""
        ...

    def untag(self, reference: str) -> None:
        """Remove a reference."""
        ...


class Book:
    """The revisions by service. They are written under the service's lock."""

    def __init__(self, ledger: Ledger, images: Images, project: str, me: Holder) -> None:
        self._ledger = ledger
        self._images = images
        self._project = project
        self._me = me
        self._read: dict[str, tuple[Revision, ...]] = {}

    def revisions(self, service: str) -> tuple[Revision, ...]:
        """Return the revisions, oldest first. Read once per run: only lock holders write."""
        if service not in self._read:
            self._read[service] = parse_revisions(self._ledger.read(self._project, service))
        return self._read[service]

    def keep_what_runs(self, states: Sequence[ServiceState]) -> tuple[str, ...]:
        """Keep the images that serve now, before a rollout replaces them.

        Replicas that a killed rollout has started, and that no include names, never served; nor
        does a replica that crashes in a loop.

        Returns:
            The services of which an image cannot be kept. A containerd image store, the default of
            Engine 29, drops an image as soon as a build has moved its only tag, even if containers
            run from it.
        """
        gone: list[str] = []
        for state in states:
            at_work = state.chosen or state.serving
            images = {r.image for r in at_work if r.state is not ContainerState.RESTARTING}
            now = running(self.revisions(state.name))
            for image in images - ({now.image} if now else set()):
                if self._images.image(image):
                    self._add(state, image, Result.FOUND)
                else:
                    gone.append(state.name)
        return tuple(dict.fromkeys(gone))

    def record(
        self,
        states: Sequence[ServiceState],
        result: Result,
        seconds: float,
        counts: Mapping[str, int],
        images: Mapping[str, str],
    ) -> None:
        """Record how a rollout of these services ended, and how many replicas each was to have.

        Args:
            states: as they were before it.
            result: how it ended.
            seconds: how long it took.
            counts: the replicas by service.
            images: the image ID that it brought, for each service that it changed.
        """
        for state in states:
            if image := images.get(state.name):
                self._add(state, image, result, seconds, counts.get(state.name, 0))

    def settled(self, service: str) -> int:
        """Return how many replicas the last successful rollout left, 0 if unknown."""
        now = running(self.revisions(service))
        return now.replicas if now else 0

    def gateway(self, service: str) -> str:
        """Return the service whose nginx sent it requests at its last rollout, empty if unknown."""
        now = running(self.revisions(service))
        return now.gateway if now else ""

    def held_back(self, service: str) -> tuple[str, ...]:
        """Return the registry digests of the versions that are held back."""
        return tuple(d for tag in self._holds(service) for d in self._digests(tag))

    def held_images(self, service: str) -> tuple[str, ...]:
        """Return the images that were rolled back, which updates skip."""
        return tuple(self._holds(service).values())

    def held_as(self, service: str, image: str) -> str:
        """Return the tag that marks this image as rolled back, empty if there is none."""
        return next((tag for tag, held in self._holds(service).items() if held == image), "")

    def hold_back(self, service: str, image: str) -> None:
        """Hold back one more version: a scheduled update must not bring it again."""
        holds = self._holds(service)
        if image not in holds.values():
            self._images.tag(image, self._held(service, len(holds)))

    def let_pass(self, service: str) -> None:
        """Stop holding versions back: the tag has moved, or a forced version serves."""
        for tag in self._holds(service):
            self._images.untag(tag)

    def let_one_pass(self, service: str, image: str) -> None:
        """Stop holding back this image; other images stay held back."""
        for tag in (tag for tag, held in self._holds(service).items() if held == image):
            self._images.untag(tag)

    def _holds(self, service: str) -> Mapping[str, str]:
        """Return the images that are held back, by the tags that hold them."""
        tags = (self._held(service, number) for number in count())
        found = ((tag, self._images.image(tag)) for tag in tags)
        return {tag: image.id for tag, image in takewhile(itemgetter(1), found) if image}

    def _add(
        self,
        state: ServiceState,
        image: str,
        result: Result,
        seconds: float = 0.0,
        replicas: int = 0,
    ) -> None:
        revisions = self.revisions(state.name)
        number = revisions[-1].number + 1 if revisions else 1
        self._images.tag(image, self._kept(state.name, number))
        hashes = {r.config_hash for r in state.serving}
        revision = Revision(
            number=number,
            service=state.name,
            image=image,
            reference=state.reference,
            digest=next(iter(self._digests(image)), ""),
            config_hash=hashes.pop() if len(hashes) == 1 else "",
            result=result,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(seconds, 1),
            who=str(self._me),
            command=self._me.command,
            replicas=replicas,
            gateway=state.wiring.route.gateway if state.wiring else "",
        )
        every = (*revisions, revision)
        kept = last_served(every, state.service.settings.keep)
        written = (*(r for r in every[:-LONGEST] if r in kept), *every[-LONGEST:])
        self._ledger.write(self._project, state.name, write_revisions(written))
        self._read[state.name] = written
        self._release(every, written, kept)

    def _release(
        self, every: Sequence[Revision], written: Sequence[Revision], kept: Sequence[Revision]
    ) -> None:
        """Untag the revisions whose images are not kept, and those that the history drops now."""
        images = {revision.image for revision in kept}
        for revision in every:
            if revision.image not in images or revision not in written:
                self._images.untag(self._kept(revision.service, revision.number))

    def _digests(self, reference: str) -> tuple[str, ...]:
        image = self._images.image(reference)
        return tuple(digest.rpartition("@")[2] for digest in image.digests) if image else ()

    def _kept(self, service: str, number: int) -> str:
        return kept_tag(self._project, service, str(number))

    def _held(self, service: str, number: int) -> str:
        more = f".{number + 1}" if number else ""
        return kept_tag(self._project, service, f"held-back{more}")
