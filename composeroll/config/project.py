"""The part of the compose model that a rollout needs, from `docker compose config`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from composeroll.config.deploy import memory, replicas
from composeroll.config.durations import parse_duration
from composeroll.config.image_reference import is_reference
from composeroll.config.layers import Layer, composes_own, layer, placed, resolve, unheeded
from composeroll.config.lifecycle import done_at_start, hook_images, stop_hooks, written_out
from composeroll.config.mounts import binds, mounted, written_volumes
from composeroll.config.namespaces import edge, hosts
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
        image: its image reference, empty if it is only built.
        builds: whether the file has a `build` section for it.
        pull_policy: compose's `pull_policy`, empty if the file has none.
        scale: how many replicas the file asks for; None if it does not say.
        grace: seconds between the stop signal and SIGKILL; None: the container's own.
        volumes_from: services whose volumes it mounts.
        depends_on: services that it depends on.
        networks: the engine's names of its networks.
        volumes: named volumes that it can write to.
        obstacles: what keeps it from running twice.
        healthy_first: services that have to be healthy before it starts.
        done_first: services that have to end successfully before it starts.
        mode: `deploy.mode`, empty if the file has none.
        port_ranges: ranges of host ports that its containers share.
        memory: bytes that one container may use at most; None: no limit.
        binds: absolute host paths that it mounts.
        unheeded: keys of its `deploy.update_config` that composeroll ignores.
        edge: the service whose network namespace it shares, empty if it has its own.
        hosts: the services whose process or IPC namespace it shares.
        mounted: paths in its containers where the file mounts lasting data or a tmpfs.
        profiles: profiles that activate it; without any it is always active.
        ports: the ports it publishes, in compose's short form.
        done_at_start: what compose copies into its containers, and hooks it runs, at their start.
        stop_hooks: commands to run in a container before it is stopped.
        hook_images: images that its hooks need, other than its own.
        provided_by: services that it depends on and that have a `provider` instead of an image.
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
    hosts: tuple[str, ...] = ()
    mounted: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    done_at_start: tuple[str, ...] = ()
    stop_hooks: tuple[Hook, ...] = ()
    hook_images: tuple[str, ...] = ()
    provided_by: tuple[str, ...] = ()

    @property
    def may_be_nginx(self) -> bool:
        """Whether its name or image contains `nginx`."""
        return "nginx" in self.name or "nginx" in self.image

    @property
    def is_scalable(self) -> bool:
        """Whether compose can run more than one; a shared network namespace does not prevent it."""
        return all(obstacle.key == "network_mode" for obstacle in self.obstacles)

    @property
    def has_container_name(self) -> bool:
        """Whether it has a `container_name`, so that compose runs only one container."""
        return any(obstacle.key == "container_name" for obstacle in self.obstacles)


class Project(Struct, frozen=True):
    """A compose project: its name and its services in the file's order, except providers.

    Attributes:
        separator: what separates the parts of names that compose makes.
        unset: variables in its files that are not set, so that compose uses an empty value.
    """

    name: str
    services: Mapping[str, Service]
    separator: str = "-"
    unset: tuple[str, ...] = ()

    def pick(self, names: Sequence[str]) -> tuple[Service, ...]:
        """Return the services with these names.

        Raises:
            UsageError: the file has no service of a name.
        """
        missing = [name for name in names if name not in self.services]
        if missing:
            known = ", ".join(self.services)
            raise UsageError(f"no such service: {', '.join(missing)}", help=f"services: {known}")
        return tuple(self.services[name] for name in dict.fromkeys(names))

    def to_roll(self, names: Sequence[str]) -> tuple[Service, ...]:
        """Return the services with these names, once their image references are valid.

        Raises:
            UsageError: the file has no service of a name, or an image reference is not valid, for
                example since a variable is empty.
        """
        services = self.pick(names)
        for service in services:
            if service.image and not is_reference(service.image):
                raise UsageError(
                    f"services.{service.name}.image is not an image reference: {service.image!r}",
                    help="is a variable in it empty? `docker compose config` shows what it becomes",
                )
        return services

    @property
    def single(self) -> frozenset[str]:
        """The services that have a `container_name`."""
        return frozenset(s.name for s in self.services.values() if s.has_container_name)

    def living_in(self, name: str) -> tuple[str, ...]:
        """Return the services that share this one's network namespace."""
        return tuple(s.name for s in self.services.values() if s.edge == name)

    def must_end(self, name: str) -> bool:
        """Return whether others start only once this one has ended successfully."""
        return any(name in s.done_first for s in self.services.values())

    def sharing_volumes_of(self, name: str) -> tuple[str, ...]:
        """Return the services that mount this one's volumes."""
        return tuple(s.name for s in self.services.values() if name in s.volumes_from)


def reference_of(project: Project, service: Service) -> str:
    """Return its containers' image reference; compose names what it builds PROJECT-SERVICE."""
    return service.image or f"{project.name}{project.separator}{service.name}"


def parse_model(text: str) -> Mapping[str, Any]:
    """Parse the YAML that `docker compose config` printed; its JSON loses every service's `x-`.

    Raises:
        UsageError: it is not valid YAML, since compose prints some texts wrongly, or not a mapping
            with a name.
    """
    import yaml  # noqa: PLC0415 - 24 ms that a plain `--help` need not pay

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """The safe loader, in C if available; it reads a bare `=` or `<<` as text, as compose."""

    for tag in ("value", "merge"):
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_scalar)
    try:
        model = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        what = "docker compose config printed invalid YAML"
        raise UsageError(what, evidence=tuple(str(error).splitlines())) from error
    if not isinstance(model, Mapping) or "name" not in model:
        raise UsageError("docker compose config did not print a project")
    return model


def read_project(
    model: Mapping[str, Any],
    strongest: Sequence[Layer],
    directory: Path = HERE,
    separator: str = "-",
) -> Project:
    """Return the project of a parsed `docker compose config`.

    Args:
        model: the document as a mapping.
        strongest: the layers that override the file, strongest first: flags, environment.
        directory: the directory that the file's relative paths start from.
        separator: what separates the parts of names that compose makes.

    Raises:
        SettingsError: an `x-composeroll` has an unknown key or a value that is not valid.
    """
    everywhere = placed(layer(EXTENSION, model.get(EXTENSION)), directory)
    networks = {k: str((v or {}).get("name", k)) for k, v in (model.get("networks") or {}).items()}
    services = model.get("services") or {}
    providers = frozenset(name for name, raw in services.items() if raw.get("provider"))
    shared = _Shared(strongest, everywhere, directory, written_out(model), providers)
    return Project(
        name=str(model["name"]),
        services={
            name: _service(name, raw, networks, shared)
            for name, raw in services.items()
            if name not in providers
        },
        separator=separator,
    )


class _Shared(NamedTuple):
    """What applies to every service: the layers around its own, the directory of paths, etc."""

    strongest: Sequence[Layer]
    everywhere: Layer
    directory: Path
    written_out: frozenset[str]
    providers: frozenset[str]


def _service(
    name: str,
    raw: Mapping[str, Any],
    networks: Mapping[str, str],
    shared: _Shared,
) -> Service:
    where = f"services.{name}"
    own = placed(layer(f"{where}.{EXTENSION}", raw.get(EXTENSION)), shared.directory)
    deploy = raw.get("deploy") or {}
    weakest = composes_own(where, raw)
    return Service(
        name=name,
        image=str(raw.get("image") or ""),
        builds="build" in raw,
        pull_policy=str(raw.get("pull_policy") or ""),
        scale=replicas(raw),
        grace=_grace(where, raw.get("stop_grace_period")),
        volumes_from=_sources(raw.get("volumes_from") or ()),
        depends_on=tuple(raw.get("depends_on") or ()),
        links=tuple(str(link).partition(":")[0] for link in raw.get("links") or ()),
        networks=tuple(networks.get(n, n) for n in raw.get("networks") or ()),
        volumes=tuple(dict.fromkeys(written_volumes(raw.get("volumes") or ()))),
        obstacles=tuple(obstacles(raw)),
        settings=resolve([*shared.strongest, own, shared.everywhere, *weakest]),
        healthy_first=tuple(_first(raw, "service_healthy")),
        done_first=tuple(_first(raw, "service_completed_successfully")),
        mode=str(deploy.get("mode") or ""),
        port_ranges=tuple(port_ranges(raw.get("ports") or ())),
        memory=memory(raw),
        binds=tuple(binds(raw.get("volumes") or ())),
        unheeded=unheeded(deploy),
        edge=edge(raw),
        hosts=tuple(hosts(raw)),
        mounted=tuple(mounted(raw)),
        profiles=tuple(raw.get("profiles") or ()),
        ports=tuple(short_forms(raw.get("ports") or ())),
        done_at_start=tuple(done_at_start(raw, shared.written_out)),
        stop_hooks=tuple(stop_hooks(raw)),
        hook_images=hook_images(raw),
        provided_by=tuple(n for n in raw.get("depends_on") or () if n in shared.providers),
    )


def _grace(where: str, period: object) -> float | None:
    try:
        return None if period is None else parse_duration(period)
    except ValueError as wrong:
        raise SettingsError(f"{where}.stop_grace_period {wrong}") from None


def _sources(entries: Sequence[str]) -> tuple[str, ...]:
    """Return the service names in `volumes_from` (`name`, `name:ro`), without `container:…`."""
    return tuple(e.partition(":")[0] for e in entries if not e.startswith("container:"))


def _first(raw: Mapping[str, Any], condition: str) -> Iterator[str]:
    """Yield required dependencies with a condition; compose always prints the long form."""
    for name, terms in (raw.get("depends_on") or {}).items():
        if terms.get("condition") == condition and terms.get("required", True):
            yield name
