"""Read the world once, into one frozen snapshot."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from composeroll.config.project import Project, Service, reference_of
from composeroll.errors import Refused
from composeroll.model import Replica
from composeroll.rollout.carrying import only_carries, unnamed_volumes
from composeroll.rollout.observed import Observed, Places, ServiceState, Wiring


class Containers(Protocol):
    """What can be read of containers and images."""

    def replicas(self, services: Sequence[str] | None = None) -> tuple[Replica, ...]:
        """Containers in all states, of these services or of the whole project."""
        ...

    def names(self) -> frozenset[str]:
        """The names of all containers on the engine."""
        ...

    def image_id(self, reference: str) -> str | None:
        """The image ID that a reference names on the engine."""
        ...

    def verdicts(self, scales: Mapping[str, int]) -> Mapping[str, str]:
        """What `up` would do to each container, by its name: `Running`, `Recreate`, `Creating`."""
        ...

    def preflight(self, scales: Mapping[str, int]) -> tuple[str, ...]:
        """What else than creating containers compose would do to reach these scales."""
        ...


class Engine(Containers, Protocol):
    """The same, of what serves; what drains on after its rollout is apart."""

    def highest_aside(self, service: str) -> int:
        """The highest number, for compose, of a service's replicas that drain on; 0 for none."""
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
        """Where these services stand, and with `preflight` what there would hurt a rollout.

        Raises:
            GatewayUnread: no gateway could be read. Where another one was, what stands behind one
                that was not has that for its place.
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
    """The services as they are now. What takes a process of its own is asked side by side.

    Args:
        project: the compose model.
        services: those of the rollout, in its order.
        engine: where containers and images are read.
        survey: where the gateway is read.
        preflight: whether it is asked what would stand in the way of a rollout.

    Raises:
        GatewayUnread: no gateway could be read.
    """
    everyone = engine.replicas()
    mine = {s.name: tuple(r for r in everyone if r.service == s.name) for s in services}
    with ThreadPoolExecutor(max_workers=4) as side_by_side:
        ids = side_by_side.map(engine.image_id, [reference_of(project, s) for s in services])
        images = {s.name: found or "" for s, found in zip(services, ids, strict=True)}
        here = [s for s in services if images[s.name]]  # of others compose can say nothing
        doubled = _doubled(project, here, mine) if preflight else {}
        unsure = _unsure(here, mine, images, doubled)
        verdicts = side_by_side.submit(engine.verdicts, unsure)
        obstacles = side_by_side.submit(engine.preflight, doubled)
        single = _single(here, mine, doubled) if preflight else {}
        beneath = side_by_side.submit(engine.preflight, single)
        surveyed = side_by_side.submit(
            survey.look, project, services, everyone, preflight=preflight
        )
        names = side_by_side.submit(engine.names)
    places = surveyed.result()
    wirings, fronts = places.wirings, places.fronts
    return Observed(
        project=project.name,
        services=tuple(
            ServiceState(
                service=service,
                replicas=mine[service.name],
                outdated=_reasons(
                    mine[service.name],
                    verdicts.result(),
                    images[service.name],
                    reference_of(project, service),
                ),
                image=images[service.name],
                reference=reference_of(project, service),
                wiring=_found(wirings.get(service.name)),
                refusal=_refused(wirings.get(service.name)),
                data_only=_data_only(project, service, {*wirings, *fronts}, mine[service.name]),
                taken=names.result() - {r.name for r in mine[service.name]},
                is_to_end=project.is_to_end(service.name),
                unlisted=_unlisted(project, service, services, everyone),
                sharing=project.sharing_volumes_of(service.name),
                held=_held(services, everyone),
                unnamed=unnamed_volumes(service, mine[service.name], everyone),
                front=fronts.get(service.name),
                tenants=project.living_in(service.name),
                unseen=places.unseen.get(service.name, ()),
                highest_aside=engine.highest_aside(service.name),
            )
            for service in services
        ),
        obstacles=(*obstacles.result(), *_of_networks(beneath.result())),
    )


def _unsure(
    services: Sequence[Service],
    replicas: Mapping[str, tuple[Replica, ...]],
    images: Mapping[str, str],
    doubled: Container[str],
) -> Mapping[str, int]:
    """The scales to ask compose about, as they are: it would stop what exceeds the file's own.

    Where every replica has another image than its reference names, that is the reason; and what is
    wrong with the service otherwise, compose says when it is asked about doubling it. Of what has a
    name of its own it takes no other number than 1, even where it was killed and left two.
    """
    told = {s.name for s in services if _all_moved(replicas[s.name], images[s.name])}
    asked = [s for s in services if not (s.name in told and s.name in doubled)]
    return {s.name: 1 if s.has_own_name else max(1, len(replicas[s.name])) for s in asked}


def _all_moved(replicas: Sequence[Replica], image: str) -> bool:
    return all(image and replica.image != image for replica in replicas)


def _doubled(
    project: Project, services: Sequence[Service], replicas: Mapping[str, tuple[Replica, ...]]
) -> Mapping[str, int]:
    """The scales a rollout would ask for, of the services that can be scaled at all."""
    scalable = [s for s in services if s.is_scalable and not project.sharing_volumes_of(s.name)]
    return {s.name: len(replicas[s.name]) + max(s.scale or 1, 1) for s in scalable}


def _single(
    services: Sequence[Service],
    replicas: Mapping[str, tuple[Replica, ...]],
    doubled: Container[str],
) -> Mapping[str, int]:
    """The others, as they are: whatever compose makes of them, it looks at their networks first."""
    others = [s for s in services if s.name not in doubled and replicas[s.name]]
    return {s.name: 1 if s.has_own_name else len(replicas[s.name]) for s in others}


def _of_networks(lines: Sequence[str]) -> tuple[str, ...]:
    """What compose would stop for a network; of containers alone it says what nobody asks of it."""
    return tuple(lines) if any(line.startswith("Network ") for line in lines) else ()


def _reasons(
    replicas: Sequence[Replica], verdicts: Mapping[str, str], image: str, reference: str
) -> Mapping[str, str]:
    """Why each has to go, by its full ID; what is to take its place need not be there yet."""
    if not image:
        return {r.id: f"{reference} is not on the engine" for r in replicas}
    reasons = {r.id: CHANGED for r in replicas if verdicts.get(r.name) == "Recreate"}
    moved = {r.id: f"image {_short(r.image)} → {_short(image)}" for r in replicas}
    return reasons | {r.id: moved[r.id] for r in replicas if r.image != image}


def _short(image: str) -> str:
    return image.removeprefix("sha256:")[:12]


def _found(place: Wiring | Refused | None) -> Wiring | None:
    return place if isinstance(place, Wiring) else None


def _refused(place: Wiring | Refused | None) -> Refused | None:
    return place if isinstance(place, Refused) else None


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
    """Running services outside the rollout that mount this one's volumes."""
    listed, running = {s.name for s in services}, {r.service for r in replicas if r.running}
    sharing = project.sharing_volumes_of(service.name)
    return tuple(name for name in sharing if name in running - listed)


def _held(services: Sequence[Service], replicas: Sequence[Replica]) -> frozenset[str]:
    """What containers outside the rollout mount, in whatever state: the engine keeps it."""
    listed = {s.name for s in services}
    others = [r for r in replicas if r.service not in listed]
    return frozenset(volume for r in others for volume in r.anonymous_volumes)
