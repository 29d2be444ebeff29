"""The history of one project: written after each rollout, and the images kept for a way back.

Nothing of the project's own is kept: a stopped container of an old revision would count toward
compose's scale and come back. An image with a tag of ours does no harm, and `docker image prune`
leaves it alone; with `-a` it takes every image that no container uses.
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
from composeroll.rollout.observed import ServiceState

LONGEST = 200
"""Revisions a service's history holds, besides the last of each image that is kept."""


class Ledger(Protocol):
    """Texts on the engine: see `composeroll.engine.ledger`."""

    def read(self, project: str, name: str) -> str:
        """A text, empty where there is none."""
        ...

    def write(self, project: str, name: str, text: str) -> None:
        """Put a text in place of the one that is there."""
        ...


class Images(Protocol):
    """The engine's images."""

    def image(self, reference: str) -> Image | None:
        """The image that a reference or ID names."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Let a reference name an image."""
        ...

    def untag(self, reference: str) -> None:
        """Take a reference away."""
        ...


class Book:
    """Revisions by service. Written under the service's lock."""

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

        What a killed rollout has started beside them, and nginx was not told of, never served; nor
        does what crashes in a loop.

        Returns:
            The services of which one cannot be kept. A containerd image store, which new engines
            have from 29 on, forgets an image as soon as a build has moved its only tag, though
            containers run from it.
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
        """Write down how a rollout of these services ended, and how many replicas each was to have.

        Args:
            states: as they were before it.
            result: how it ended.
            seconds: how long it took.
            counts: the replicas by service.
            images: the image ID that it brought to each service that it did anything for.
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
        """All that registries call the versions that were rolled back from, if any were."""
        return tuple(d for tag in self._holds(service) for d in self._digests(tag))

    def held_images(self, service: str) -> tuple[str, ...]:
        """Return the images that were rolled back, which updates skip."""
        return tuple(self._holds(service).values())

    def held_as(self, service: str, image: str) -> str:
        """Return the tag that marks this image as rolled back, empty if there is none."""
        return next((tag for tag, held in self._holds(service).items() if held == image), "")

    def hold_back(self, service: str, image: str) -> None:
        """Remember one more version that a scheduled refresh is not to bring back."""
        holds = self._holds(service)
        if image not in holds.values():
            self._images.tag(image, self._held(service, len(holds)))

    def let_pass(self, service: str) -> None:
        """Hold nothing back: the tag has moved, or a version forced with `--force` serves."""
        for tag in self._holds(service):
            self._images.untag(tag)

    def let_one_pass(self, service: str, image: str) -> None:
        """What was held back last is not to be; other tags stay, as their images' only ones."""
        for tag in (tag for tag, held in self._holds(service).items() if held == image):
            self._images.untag(tag)

    def _holds(self, service: str) -> Mapping[str, str]:
        """The images that are held back, by the tags that hold them."""
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
        """Untag the revisions of images that are not kept, and those that are forgotten now."""
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
