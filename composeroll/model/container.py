"""Containers, their processes and events, as the engine describes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

ANONYMOUS = 64
"""Length of the name that the engine generates for an anonymous volume (moby, `volume/service`)."""


class ContainerState(StrEnum):
    """A container's state, with the values of the Engine API."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Health(StrEnum):
    """The engine's verdict on a container's HEALTHCHECK."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Attachment(Struct, frozen=True):
    """A network that a container is on. Addresses are text, empty if there is none.

    Attributes:
        subnets: the subnets of its addresses, as `address/prefix`; empty while the container has
            no address.
        gateways: the host's addresses on the network, which no container has.
    """

    network_id: str
    network: str
    ipv4: str = ""
    ipv6: str = ""
    aliases: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The address for a URL or an nginx `server` line; IPv6 in brackets."""
        return self.ipv4 or (f"[{self.ipv6}]" if self.ipv6 else "")


class Mount(Struct, frozen=True):
    """Something mounted into a container at `destination`.

    Attributes:
        kind: its type (`volume`, `bind`, `tmpfs`).
        volume: the volume's name, empty for other types.
        source: its path on the engine's host, empty for a tmpfs.
        declared: whether the image has a VOLUME at that path or above, and so keeps data there.
    """

    destination: str
    kind: str
    writable: bool
    volume: str = ""
    source: str = ""
    declared: bool = False

    @property
    def keeps_data(self) -> bool:
        """Whether it is a host directory that is used as a data volume."""
        return self.kind == "bind" and self.writable and self.declared

    @property
    def anonymous(self) -> bool:
        """Whether it is an anonymous volume, whose name the engine has generated."""
        return len(self.volume) == ANONYMOUS and not set(self.volume) - set("0123456789abcdef")


class Healthcheck(Struct, frozen=True):
    """A container's own HEALTHCHECK.

    Attributes:
        command: argv to run in the container; `CMD-SHELL` is already `[shell, -c, text]`.
        timeout: seconds one run may take (docker's default is 30).
    """

    command: tuple[str, ...]
    timeout: float = 30.0


class Replica(Struct, frozen=True):
    """One container of one compose service, as the engine describes it.

    Attributes:
        id: the full container ID, 64 hexadecimal digits.
        name: the container's name, without the engine's leading slash.
        service: the compose service, from its label.
        number: the label `com.docker.compose.container-number`.
        image: the image ID the container was created from (`sha256:…`).
        image_ref: the reference it was created with (`registry/app:staging`).
        restarts: how often the engine has restarted it.
        exposed: TCP ports that the image or the compose file exposes, ascending.
        published: host ports that lead to it while it runs, ascending.
        config_hash: the label `com.docker.compose.config-hash`.
        stop_signal: the signal its stop sends, as text (`SIGTERM`).
        started_at: the engine's RFC 3339 time of the last start, empty if never.
        ended_at: the same of the last end, empty if never.
        mounts: volumes, binds and tmpfs, by destination.
        read_only: whether its root filesystem is read-only.
        made_from: the project's directory on the machine whose compose created it.
        command: the argv of its first process, including the entrypoint.
        error: the engine's error at the last start; empty if it succeeded.
    """

    id: str
    name: str
    service: str
    number: int
    image: str
    state: ContainerState
    image_ref: str = ""
    health: Health = Health.NONE
    exit_code: int = 0
    restarts: int = 0
    restart_policy: str = "no"
    networks: tuple[Attachment, ...] = ()
    exposed: tuple[int, ...] = ()
    published: tuple[int, ...] = ()
    healthcheck: Healthcheck | None = None
    config_hash: str = ""
    stop_signal: str = "SIGTERM"
    started_at: str = ""
    network_mode: str = ""
    mounts: tuple[Mount, ...] = ()
    read_only: bool = False
    made_from: str = ""
    command: tuple[str, ...] = ()
    error: str = ""
    ended_at: str = ""

    @property
    def short_id(self) -> str:
        """The first 12 digits of the ID, as docker prints it."""
        return self.id[:12]

    @property
    def running(self) -> bool:
        """Whether its processes run now (a restarting or paused container does not count)."""
        return self.state is ContainerState.RUNNING

    @property
    def finished(self) -> bool:
        """Whether it has ended with 0, and nothing starts it again."""
        stays = self.restart_policy in ("no", "on-failure")
        return self.state is ContainerState.EXITED and self.exit_code == 0 and stays

    @property
    def over(self) -> bool:
        """Whether it has ended, with any exit code."""
        return self.state in (ContainerState.EXITED, ContainerState.DEAD)

    @property
    def lasted(self) -> float:
        """How many seconds it ran last, if it has ended and the engine knows; otherwise 0."""
        if self.running or not (self.started_at and self.ended_at):
            return 0.0
        began, ended = map(datetime.fromisoformat, (self.started_at, self.ended_at))
        return max(0.0, (ended - began).total_seconds())

    @property
    def anonymous_volumes(self) -> tuple[str, ...]:
        """The names of its anonymous volumes."""
        return tuple(mount.volume for mount in self.mounts if mount.anonymous)

    def started_before(self, other: Replica) -> bool:
        """Return whether it was started earlier than `other`; False if one of them never was."""
        times = [datetime.fromisoformat(r.started_at) for r in (self, other) if r.started_at]
        return len(times) == len((self, other)) and times[0] < times[1]

    def attached_to(self, network_id: str) -> Attachment | None:
        """Return the container's attachment to a network, by NetworkID."""
        return next((n for n in self.networks if n.network_id == network_id), None)


class Hook(Struct, frozen=True):
    """A command of the compose file to run in a container.

    Attributes:
        user: its user; empty: the container's own.
        environment: `NAME=value`, in addition to the container's own.
        directory: its working directory; empty: the container's own.
    """

    command: tuple[str, ...]
    user: str = ""
    environment: tuple[str, ...] = ()
    directory: str = ""
    privileged: bool = False


class LogStream(StrEnum):
    """The two outputs of a container."""

    STDOUT = "stdout"
    STDERR = "stderr"


class Output(Struct, frozen=True):
    """The result of a command: exit code, stdout and stderr as text.

    `overdue` means that it took too long; the exit code is then not its own.
    """

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    overdue: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of both streams, stdout first, without empty ones."""
        text = f"{self.stdout}\n{self.stderr}"
        return tuple(line for line in text.splitlines() if line.strip())


class Process(Struct, frozen=True):
    """A process of a container; `pid` and `ppid` are those on the engine's host."""

    pid: int
    ppid: int
    args: str


class ContainerEvent(Struct, frozen=True):
    """An event of the engine about a container (`die`, `start`, `health_status: unhealthy`)."""

    action: str
    id: str
    service: str
    attributes: dict[str, str] = field(default_factory=dict)
