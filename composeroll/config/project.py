"""The compose model, as far as a rollout needs it, from what `docker compose config` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from composeroll.config.durations import parse_duration
from composeroll.config.image_reference import is_reference
from composeroll.config.layers import Layer, composes_own, layer, placed, resolve, unheeded
from composeroll.config.lifecycle import done_at_start, hook_images, stop_hooks, written_out
from composeroll.config.mounts import binds, mounted, written_volumes
from composeroll.config.obstacles import Obstacle, obstacles
from composeroll.config.ports import PortRange, port_ranges, short_forms
from composeroll.config.settings import Settings
from composeroll.errors import SettingsError, UsageError
from composeroll.model import Hook

EXTENSION = "x-composeroll"
HERE = Path()


class Service(Struct, frozen=True):
    """One service of the compose file.

    Attributes:
        image: its reference, empty where it is only built.
        pull_policy: compose's word for it, empty where the file has none.
        scale: how many replicas the file asks for; None where it does not say.
        grace: seconds between the stop signal and SIGKILL; None: the container's own.
        volumes_from: services whose volumes it mounts.
        depends_on: services it depends on.
        networks: the engine's names of its networks.
        volumes: named volumes that it can write.
        obstacles: what keeps it from running twice, empty where nothing does.
        healthy_first: services that have to be healthy before it starts.
        done_first: services that have to have ended well before it starts.
        mode: `deploy.mode`, empty where the file has none.
        port_ranges: host ports that it shares out among its containers.
        memory: bytes that one container may use at most; None: all of the host's.
        binds: absolute paths of the host that it mounts.
        unheeded: keys of its `deploy.update_config` that no rollout follows.
        edge: the service whose network namespace it lives in, empty where it has its own.
        mounted: paths in its containers at which the file mounts what outlives them, or a tmpfs.
        profiles: those that show it; without any it is always there.
        ports: what it publishes, in compose's short form.
        done_at_start: what compose copies into its containers or runs in them when it starts them.
        stop_hooks: what is run in a container before it is stopped.
        hook_images: images that its hooks need besides its own.
    """

    name: str
    image: str
    builds: bool
    pull_policy: str
    scale: int | None
    grace: float | None
    volumes_from: tuple[str, ...]
    depends_on: tuple[str, ...]
    links: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    settings: Settings
    healthy_first: tuple[str, ...] = ()
    done_first: tuple[str, ...] = ()
    mode: str = ""
    port_ranges: tuple[PortRange, ...] = ()
    memory: int | None = None
    binds: tuple[str, ...] = ()
    unheeded: tuple[str, ...] = ()
    edge: str = ""
    mounted: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    done_at_start: tuple[str, ...] = ()
    stop_hooks: tuple[Hook, ...] = ()
    hook_images: tuple[str, ...] = ()

    @property
    def may_be_nginx(self) -> bool:
        """Whether its name or image says nginx."""
        return "nginx" in self.name or "nginx" in self.image

    @property
    def is_scalable(self) -> bool:
        """Whether compose runs more than one: whose network they live in is all the same to it."""
        return all(obstacle.key == "network_mode" for obstacle in self.obstacles)

    @property
    def has_own_name(self) -> bool:
        """Whether its container has a name of its own, so that compose runs one and no more."""
        return any(obstacle.key == "container_name" for obstacle in self.obstacles)


class Project(Struct, frozen=True):
    """A compose project: its name and all its services, in the file's order.

    Attributes:
        separator: what compose writes between the parts of a name that it makes.
        unset: variables of its files that nobody has set, so that compose takes a blank for each.
    """

    name: str
    services: Mapping[str, Service]
    separator: str = "-"
    unset: tuple[str, ...] = ()

    def pick(self, names: Sequence[str]) -> tuple[Service, ...]:
        """The services of these names.

        Raises:
            UsageError: a name that the file does not have.
        """
        missing = [name for name in names if name not in self.services]
        if missing:
            known = ", ".join(self.services)
            raise UsageError(f"no such service: {', '.join(missing)}", help=f"services: {known}")
        return tuple(self.services[name] for name in dict.fromkeys(names))

    def to_roll(self, names: Sequence[str]) -> tuple[Service, ...]:
        """The services of these names, each with an image reference that an engine takes.

        Raises:
            UsageError: a name that the file does not have, or a reference that is none, as where a
                variable is empty.
        """
        services = self.pick(names)
        for service in services:
            if service.image and not is_reference(service.image):
                raise UsageError(
                    f"services.{service.name}.image is no image reference: {service.image!r}",
                    help="is a variable in it empty? `docker compose config` shows what it becomes",
                )
        return services

    @property
    def single(self) -> frozenset[str]:
        """The services whose container has a name of its own."""
        return frozenset(s.name for s in self.services.values() if s.has_own_name)

    def living_in(self, name: str) -> tuple[str, ...]:
        """The services that live in this one's network namespace."""
        return tuple(s.name for s in self.services.values() if s.edge == name)

    def is_to_end(self, name: str) -> bool:
        """Whether others start only once this one has ended well."""
        return any(name in s.done_first for s in self.services.values())

    def sharing_volumes_of(self, name: str) -> tuple[str, ...]:
        """The services that mount this one's volumes."""
        return tuple(s.name for s in self.services.values() if name in s.volumes_from)


def reference_of(project: Project, service: Service) -> str:
    """The reference its containers are made from; compose calls what it builds PROJECT-SERVICE."""
    return service.image or f"{project.name}{project.separator}{service.name}"


def parse_model(text: str) -> Mapping[str, Any]:
    """The document that `docker compose config` printed. Its JSON would lose every service's `x-`.

    Raises:
        UsageError: it is no mapping with a name, or no YAML: compose writes some texts wrongly.
    """
    import yaml  # noqa: PLC0415 - 24 ms that a plain `--help` need not pay

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """The safe one, in C; to it `=` and `<<` alone, which compose prints so, are no texts."""

    for tag in ("value", "merge"):
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_scalar)
    try:
        model = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        what = "docker compose config printed what cannot be read"
        raise UsageError(what, evidence=tuple(str(error).splitlines())) from error
    if not isinstance(model, Mapping) or "name" not in model:
        raise UsageError("docker compose config printed no project")
    return model


def read_project(
    model: Mapping[str, Any],
    strongest: Sequence[Layer],
    directory: Path = HERE,
    separator: str = "-",
) -> Project:
    """The project of a parsed `docker compose config`.

    Args:
        model: the document as a mapping.
        strongest: the layers that beat the file, strongest first: flags, environment.
        directory: from where relative paths of the file count.
        separator: what compose writes between the parts of a name that it makes.

    Raises:
        SettingsError: a wrong key or value in an `x-composeroll`.
    """
    everywhere = placed(layer(EXTENSION, model.get(EXTENSION)), directory)
    networks = {k: str((v or {}).get("name", k)) for k, v in (model.get("networks") or {}).items()}
    said = _Said(strongest, everywhere, directory, written_out(model))
    return Project(
        name=str(model["name"]),
        services={
            name: _service(name, raw, networks, said)
            for name, raw in (model.get("services") or {}).items()
        },
        separator=separator,
    )


class _Said(NamedTuple):
    """What holds for every service: the layers around its own, where paths begin, and so on."""

    strongest: Sequence[Layer]
    everywhere: Layer
    directory: Path
    written_out: frozenset[str]


def _service(
    name: str,
    raw: Mapping[str, Any],
    networks: Mapping[str, str],
    said: _Said,
) -> Service:
    where = f"services.{name}"
    own = placed(layer(f"{where}.{EXTENSION}", raw.get(EXTENSION)), said.directory)
    deploy = raw.get("deploy") or {}
    weakest = composes_own(where, raw)
    return Service(
        name=name,
        image=str(raw.get("image") or ""),
        builds="build" in raw,
        pull_policy=str(raw.get("pull_policy") or ""),
        scale=_scale(raw, deploy),
        grace=_grace(where, raw.get("stop_grace_period")),
        volumes_from=_sources(raw.get("volumes_from") or ()),
        depends_on=tuple(raw.get("depends_on") or ()),
        links=tuple(str(link).partition(":")[0] for link in raw.get("links") or ()),
        networks=tuple(networks.get(n, n) for n in raw.get("networks") or ()),
        volumes=tuple(dict.fromkeys(written_volumes(raw.get("volumes") or ()))),
        obstacles=tuple(obstacles(raw)),
        settings=resolve([*said.strongest, own, said.everywhere, *weakest]),
        healthy_first=tuple(_first(raw, "service_healthy")),
        done_first=tuple(_first(raw, "service_completed_successfully")),
        mode=str(deploy.get("mode") or ""),
        port_ranges=tuple(port_ranges(raw.get("ports") or ())),
        memory=_memory(raw, deploy),
        binds=tuple(binds(raw.get("volumes") or ())),
        unheeded=unheeded(deploy),
        edge=_edge(str(raw.get("network_mode") or "")),
        mounted=tuple(mounted(raw)),
        profiles=tuple(raw.get("profiles") or ()),
        ports=tuple(short_forms(raw.get("ports") or ())),
        done_at_start=tuple(done_at_start(raw, said.written_out)),
        stop_hooks=tuple(stop_hooks(raw)),
        hook_images=hook_images(raw),
    )


def _edge(mode: str) -> str:
    return mode.removeprefix("service:") if mode.startswith("service:") else ""


def _grace(where: str, period: object) -> float | None:
    try:
        return None if period is None else parse_duration(period)
    except ValueError as wrong:
        raise SettingsError(f"{where}.stop_grace_period {wrong}") from None


def _scale(raw: Mapping[str, Any], deploy: Mapping[str, Any]) -> int | None:
    declared = raw.get("scale", deploy.get("replicas"))
    return None if declared is None else int(declared)


def _sources(entries: Sequence[str]) -> tuple[str, ...]:
    """Service names out of `volumes_from` entries (`name`, `name:ro`, `container:…` left out)."""
    return tuple(e.partition(":")[0] for e in entries if not e.startswith("container:"))


def _first(raw: Mapping[str, Any], condition: str) -> Iterator[str]:
    """`docker compose config` always prints the long form."""
    for name, terms in (raw.get("depends_on") or {}).items():
        if terms.get("condition") == condition and terms.get("required", True):
            yield name


def _memory(raw: Mapping[str, Any], deploy: Mapping[str, Any]) -> int | None:
    """`docker compose config` prints both forms as bytes; 0 is no limit."""
    limits = (deploy.get("resources") or {}).get("limits") or {}
    return int(limits.get("memory") or raw.get("mem_limit") or 0) or None
