"""Read the world once, into one frozen snapshot."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from composeroll.config.project import Project, Service, reference_of
from composeroll.errors import Refused
from composeroll.model import Replica
from composeroll.rollout.observing.carrying import anonymous_volumes, only_carries
from composeroll.rollout.observing.observed import Observed, Places, ServiceState, Wiring


class Containers(Protocol):
    """Reads containers and images, and asks compose."""

    def replicas(self, services: Sequence[str] | None = None) -> tuple[Replica, ...]:
        """Return containers in all states, of these services or of the whole project."""
        ...

    def names(self) -> frozenset[str]:
        """Return the names of all containers on the engine."""
        ...

    def image_id(self, reference: str) -> str | None:
        """Return the ID of the image that a reference names on the engine, if there is one."""
        ...

    def verdicts(self, scales: Mapping[str, int]) -> Mapping[str, str]:
        """Return what `up` would do to each container: `Running`, `Recreate` or `Creating`."""
        ...

    def preflight(self, scales: Mapping[str, int]) -> tuple[str, ...]:
        """Return what compose would do, besides creating containers, to reach these scales."""
        ...


class Engine(Containers, Protocol):
    """The same without detached replicas, which drain after their rollout."""

    def highest_detached(self, service: str) -> int:
        """Return the highest container number of a service's detached replicas; 0 if none."""
        ...


class Survey(Protocol):
    """Finds the services' places in the gateways."""

    def look(
        self,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        """Return the services' places in the gateways; with `preflight`, also findings about them.

        Raises:
            GatewayUnread: no gateway could be read. If only some could not, this error is the
                place of the services behind them.
        """
        ...


CHANGED = "its definition changed in the compose file"


def observe(
    project: Project,
    services: Sequence[Service],
    engine: Engine,
    survey: Survey,
    *,
    preflight: bool = True,
) -> Observed:
    """Observe the services. Separate processes run side by side.

    Args:
        project: the compose model.
        services: the services of the rollout, in its order.
        engine: reads containers and images.
        survey: reads the gateways.
        preflight: whether to ask compose what scaling up would break.

    Raises:
        GatewayUnread: no gateway could be read.
    """
    with looking(project, services, engine, survey, preflight=preflight) as look:
        return look.result()


@contextmanager
def looking(
    project: Project,
    services: Sequence[Service],
    engine: Engine,
    survey: Survey,
    *,
    preflight: bool = True,
) -> Iterator[Look]:
    """Start an observation that runs in the background of the block; see `observe`."""
    with ThreadPoolExecutor(max_workers=4) as side_by_side:
        yield Look(side_by_side, project, services, engine, survey, preflight=preflight)


class Look:
    """An observation in progress: replicas have been read, compose and nginx are being read."""

    def __init__(
        self,
        side_by_side: ThreadPoolExecutor,
        project: Project,
        services: Sequence[Service],
        engine: Engine,
        survey: Survey,
        *,
        preflight: bool,
    ) -> None:
        self._side_by_side, self._engine = side_by_side, engine
        self._project, self._services = project, services
        self._everyone = everyone = engine.replicas()
        self._mine = {s.name: tuple(r for r in everyone if r.service == s.name) for s in services}
        self._images = self._named()
        self._here = here = [s for s in services if self._images[s.name]]
        self._doubled = doubled = _doubled(project, here, self._mine) if preflight else {}
        single = _single(here, self._mine, doubled) if preflight else {}
        self._obstacles = side_by_side.submit(engine.preflight, doubled)
        self._beneath = side_by_side.submit(engine.preflight, single)
        self._places = side_by_side.submit(
            survey.look, project, services, everyone, preflight=preflight
        )
        self._names = side_by_side.submit(engine.names)

    def read_images(self) -> bool:
        """Read the references again; return whether compose was asked about all services."""
        self._images = self._named()
        return [s for s in self._services if self._images[s.name]] == self._here

    def result(self) -> Observed:
        """Wait for its end, and return what was observed.

        Raises:
            GatewayUnread: no gateway could be read.
        """
        unsure = _unsure(self._here, self._mine, self._images, self._doubled)
        verdicts = self._side_by_side.submit(self._engine.verdicts, unsure)
        places = self._places.result()
        return Observed(
            project=self._project.name,
            services=tuple(
                self._state(service, places, verdicts.result(), self._names.result())
                for service in self._services
            ),
            obstacles=(*self._obstacles.result(), *_of_networks(self._beneath.result())),
        )

    def _named(self) -> Mapping[str, str]:
        """Return the image ID that each service's reference names; empty if not on the engine."""
        references = [reference_of(self._project, service) for service in self._services]
        ids = self._side_by_side.map(self._engine.image_id, references)
        return {s.name: found or "" for s, found in zip(self._services, ids, strict=True)}

    def _state(
        self,
        service: Service,
        places: Places,
        verdicts: Mapping[str, str],
        names: frozenset[str],
    ) -> ServiceState:
        project, name = self._project, service.name
        mine, image, reference = (
            self._mine[name],
            self._images[name],
            reference_of(project, service),
        )
        place = places.wirings.get(name)
        return ServiceState(
            service=service,
            replicas=mine,
            outdated=_reasons(mine, verdicts, image, reference),
            image=image,
            reference=reference,
            wiring=place if isinstance(place, Wiring) else None,
            refusal=place if isinstance(place, Refused) else None,
            data_only=_data_only(project, service, {*places.wirings, *places.fronts}, mine),
            taken=names - {r.name for r in mine},
            must_end=project.must_end(name),
            unlisted=_unlisted(project, service, self._services, self._everyone),
            sharing=project.sharing_volumes_of(name),
            held=_held(self._services, self._everyone),
            anonymous_volumes=anonymous_volumes(service, mine, self._everyone),
            front=places.fronts.get(name),
            tenants=project.living_in(name),
            guests=tuple(s.name for s in project.services.values() if name in s.hosts),
            unseen=places.unseen.get(name, ()),
            highest_detached=self._engine.highest_detached(name),
            lacking=tuple(i for i in service.hook_images if not self._engine.image_id(i)),
        )


def _unsure(
    services: Sequence[Service],
    replicas: Mapping[str, tuple[Replica, ...]],
    images: Mapping[str, str],
    doubled: Container[str],
) -> Mapping[str, int]:
    """Return the services that compose must be asked about, with their current scales.

    With the current scale, since compose would stop replicas beyond the file's number. A service of
    which every replica has an outdated image need not be asked about: that is the reason, and the
    question about doubling it shows what else is wrong. For a service with a `container_name`
    compose accepts only 1, even if a killed compose has left two containers.
    """
    known = {s.name for s in services if _all_moved(replicas[s.name], images[s.name])}
    asked = [s for s in services if not (s.name in known and s.name in doubled)]
    return {s.name: 1 if s.has_container_name else max(1, len(replicas[s.name])) for s in asked}


def _all_moved(replicas: Sequence[Replica], image: str) -> bool:
    return all(image and replica.image != image for replica in replicas)


def _doubled(
    project: Project, services: Sequence[Service], replicas: Mapping[str, tuple[Replica, ...]]
) -> Mapping[str, int]:
    """Return the scales that a rollout would ask for, for services that can be scaled."""
    scalable = [s for s in services if s.is_scalable and not project.sharing_volumes_of(s.name)]
    return {s.name: len(replicas[s.name]) + max(s.scale or 1, 1) for s in scalable}


def _single(
    services: Sequence[Service],
    replicas: Mapping[str, tuple[Replica, ...]],
    doubled: Container[str],
) -> Mapping[str, int]:
    """Return the current scales of the others: compose reports their changed networks too."""
    others = [s for s in services if s.name not in doubled and replicas[s.name]]
    return {s.name: 1 if s.has_container_name else len(replicas[s.name]) for s in others}


def _of_networks(lines: Sequence[str]) -> tuple[str, ...]:
    """Return what compose would stop to recreate a network; empty if it would recreate none."""
    return tuple(lines) if any(line.startswith("Network ") for line in lines) else ()


def _reasons(
    replicas: Sequence[Replica], verdicts: Mapping[str, str], image: str, reference: str
) -> Mapping[str, str]:
    """Return why each outdated replica has to go, by full ID; a new image may be missing yet."""
    if not image:
        return {r.id: f"{reference} is not on the engine" for r in replicas}
    reasons = {r.id: CHANGED for r in replicas if verdicts.get(r.name) == "Recreate"}
    moved = {r.id: f"image {_short(r.image)} → {_short(image)}" for r in replicas}
    return reasons | {r.id: moved[r.id] for r in replicas if r.image != image}


def _short(image: str) -> str:
    return image.removeprefix("sha256:")[:12]


def _data_only(
    project: Project,
    service: Service,
    speaking: AbstractSet[str],
    replicas: Sequence[Replica],
) -> bool:
    mounted = project.sharing_volumes_of(service.name) and service.name not in speaking
    return bool(mounted) and only_carries(replicas)


def _unlisted(
    project: Project,
    service: Service,
    services: Sequence[Service],
    replicas: Sequence[Replica],
) -> tuple[str, ...]:
    """Return the running services outside the rollout that mount this one's volumes."""
    listed, running = {s.name for s in services}, {r.service for r in replicas if r.running}
    sharing = project.sharing_volumes_of(service.name)
    return tuple(name for name in sharing if name in running - listed)


def _held(services: Sequence[Service], replicas: Sequence[Replica]) -> frozenset[str]:
    """Return the volumes of containers outside the rollout, in any state: the engine keeps them."""
    listed = {s.name for s in services}
    others = [r for r in replicas if r.service not in listed]
    return frozenset(volume for r in others for volume in r.anonymous_volumes)
