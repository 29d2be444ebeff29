"""Get the services' images, and ask the registry what a pull would bring."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple, Protocol

from composeroll.config.project import Project, Service, reference_of
from composeroll.config.settings import Pull
from composeroll.engine.compose.words import PullLine
from composeroll.engine.images import Image
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Refused
from composeroll.report.events import Emit, Noted, Pulled, PullProgress, Warned


def sharing_image_of(project: Project, service: Service) -> tuple[str, ...]:
    """Return the other services whose containers are created from the same reference."""
    reference = reference_of(project, service)
    others = (s for s in project.services.values() if s.name != service.name)
    return tuple(s.name for s in others if reference_of(project, s) == reference)


class Registry(Protocol):
    """Reads, pulls and tags images."""

    def image(self, reference: str) -> Image | None:
        """Return the image that a reference names on the engine, None if there is none."""
        ...

    def pull(self, references: Mapping[str, str], on_progress: Callable[[PullLine], None]) -> None:
        """Run `docker compose pull` for services, whose references are given by service."""
        ...

    def registry_digest(self, reference: str) -> str:
        """Return the digest that a reference has at its registry now."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Make a reference name an image."""
        ...


class Holds(Protocol):
    """Versions that were rolled back: see `composeroll.rollout.history.book`."""

    def held_back(self, service: str) -> tuple[str, ...]:
        """Return the registry digests of the versions that are held back."""
        ...

    def let_pass(self, service: str) -> None:
        """Stop holding versions back."""
        ...


class _Move(NamedTuple):
    """The image IDs that a reference named before a pull and after it."""

    before: str
    now: str


class ComposeImages:
    """The images of one project's services, by compose's own rules."""

    def __init__(self, registry: Registry, holds: Holds, project: Project, emit: Emit) -> None:
        self._registry = registry
        self._holds = holds
        self._project = project
        self._emit = emit
        self._moved: dict[str, _Move] = {}

    def pull(self, services: Sequence[Service], policy: Pull, *, insist: bool = False) -> None:
        """Pull the services' images, as `policy` says.

        A version that was rolled back is skipped until its tag moves; with `insist` it is not.

        Raises:
            EngineUnreachable: a registry does not answer.
            Refused: a registry does not have the image, or refuses it.
        """
        pullable = self._to_pull(services, policy)
        wanted = [s for s in pullable if not self._held_back(s, insist=insist)]
        before = {service.name: self._id(service) for service in wanted}
        try:
            if wanted:
                self._registry.pull({s.name: self._reference(s) for s in wanted}, self._tell)
        except BaseException as error:  # some of the images may have been pulled before it
            with suppress(EngineError, EngineUnreachable):
                self._note_moves(wanted, before)
            _tell_of_built(error, wanted)
            raise
        for service, now in zip(wanted, self._note_moves(wanted, before), strict=True):
            moved = now != before[service.name]
            self._emit(Pulled(service.name, self._reference(service), now, moved))

    def take_back(self, used: Collection[str]) -> None:
        """Make the references name the same images as before the pull.

        Otherwise a plain `docker compose up -d` would use the image that has just failed. A
        reference whose new image other services run by now, or that has moved again, is left alone.

        Args:
            used: IDs of the images that containers of other services were created from.
        """
        while self._moved:
            reference, move = self._moved.popitem()
            try:
                self._take_one_back(reference, move, used)
            except (EngineError, EngineUnreachable) as error:
                self._emit(Warned(f"{reference} still names the pulled image: {error.what}"))

    def _take_one_back(self, reference: str, move: _Move, used: Collection[str]) -> None:
        here = self._registry.image(reference)
        if here is None or here.id != move.now:
            return
        if move.now in used:
            self._emit(Noted(f"{reference} still names the pulled image: other services run it"))
            return
        self._registry.tag(move.before, reference)

    def moved(self, services: Sequence[Service], *, insist: bool = False) -> frozenset[str]:
        """Return the services for which `pull` would bring another image than the engine has."""
        newer = [s for s in self._to_pull(services, Pull.ALWAYS) if self._differs(s)]
        held = () if insist else [s for s in newer if self._stays_away(s, self._holder(s))]
        return frozenset(s.name for s in newer if s not in held)

    def unavailable(self, services: Sequence[Service]) -> Mapping[str, ComposerollError]:
        """Return why a pull would fail, by service. Nothing is changed."""

        def ask(service: Service) -> ComposerollError | None:
            try:
                self._registry.registry_digest(self._reference(service))
            except ComposerollError as error:
                return error
            return None

        wanted = self._to_pull(services, Pull.ALWAYS)
        with ThreadPoolExecutor(max_workers=8) as side_by_side:
            answers = zip(wanted, side_by_side.map(ask, wanted), strict=True)
            return {service.name: error for service, error in answers if error}

    def _to_pull(self, services: Sequence[Service], policy: Pull) -> list[Service]:
        """Leave out services that are only built and, with `missing`, those whose image is here."""
        pullable = [s for s in services if s.image and s.pull_policy not in ("never", "build")]
        if policy is Pull.ALWAYS:
            return pullable
        return [s for s in pullable if policy is Pull.MISSING and not self._id(s)]

    def _note_moves(self, services: Sequence[Service], before: Mapping[str, str]) -> list[str]:
        """Return what the services' references name now; keep what they named for `take_back`."""
        now = [self._id(service) for service in services]
        for service, image in zip(services, now, strict=True):
            if before[service.name] not in ("", image):
                self._moved[self._reference(service)] = _Move(before[service.name], image)
        return now

    def _held_back(self, service: Service, *, insist: bool) -> bool:
        """Return whether the registry's image is skipped because it was rolled back.

        A tag that has moved ends every hold on its reference. `insist` overrides a hold but does
        not end it: the image may fail again, and is then still held.
        """
        holder = self._holder(service)
        for name in () if holder else self._of_its_image(service):
            if self._holds.held_back(name):
                self._holds.let_pass(name)
        return not insist and self._stays_away(service, holder)

    def _stays_away(self, service: Service, holder: str) -> bool:
        """Return whether there is a holder; if so, note that its image is skipped."""
        if not holder:
            return False
        whose = "was rolled back" if holder == service.name else f"{holder} was rolled back from"
        self._emit(
            Noted(
                f"{service.name}: the registry still has the version that {whose};"
                " --force rolls it out nevertheless"
            )
        )
        return True

    def _holder(self, service: Service) -> str:
        """Return the service that was rolled back from the registry's image, empty if none was.

        An image that the reference names on the engine nevertheless was rolled out with `--force`:
        it is not held back.
        """
        held = {name: self._holds.held_back(name) for name in self._of_its_image(service)}
        now = self._digest(service) if any(held.values()) else ""
        holder = next((name for name, digests in held.items() if now in digests), "")
        return "" if holder and self._is_here(service, now) else holder

    def _of_its_image(self, service: Service) -> tuple[str, ...]:
        """Return the services that share its reference, itself included: a pull acts on all."""
        return service.name, *sharing_image_of(self._project, service)

    def _differs(self, service: Service) -> bool:
        return not self._is_here(service, self._digest(service))

    def _is_here(self, service: Service, digest: str) -> bool:
        """Return whether the reference names the image with that registry digest on the engine."""
        here = self._registry.image(self._reference(service))
        return here is not None and any(known.endswith(digest) for known in here.digests)

    def _digest(self, service: Service) -> str:
        """Return the digest at its registry; an error names the service, since several are read."""
        reference = self._reference(service)
        try:
            return self._registry.registry_digest(reference)
        except Refused as error:
            error.what = f"the image of {service.name}, {reference}, is not available: {error.what}"
            _tell_of_built(error, [service])
            raise

    def _id(self, service: Service) -> str:
        image = self._registry.image(self._reference(service))
        return image.id if image else ""

    def _reference(self, service: Service) -> str:
        return reference_of(self._project, service)

    def _tell(self, line: PullLine) -> None:
        self._emit(PullProgress(line.service, line.layer, line.state, line.current, line.total))


def _tell_of_built(error: BaseException, services: Sequence[Service]) -> None:
    """Add the advice for services that are built: no registry may have their image."""
    built = [f"services.{s.name}.pull_policy: never" for s in services if s.builds]
    if isinstance(error, Refused) and built:
        way = f"if it is only built here: --pull missing, or {', '.join(built)}"
        error.help = f"{error.help}; {way}" if error.help else way
