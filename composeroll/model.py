"""The words of composeroll as types: replicas, upstreams, routes. Data alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address

ANONYMOUS = 64
"""Digits of the name that the engine makes for an anonymous volume (moby, `volume/service`)."""


class ContainerState(StrEnum):
    """A container's state in the Engine API's own words."""

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


class Protocol(StrEnum):
    """How nginx speaks to a service, from the `*_pass` directive that names its upstream."""

    HTTP = "http"
    FASTCGI = "fastcgi"
    UWSGI = "uwsgi"
    GRPC = "grpc"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One network that a container is on. Addresses are bare text, empty where there is none."""

    network_id: str
    network: str
    ipv4: str = ""
    ipv6: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The address as it stands in a URL or an nginx `server` line; IPv6 in brackets."""
        return self.ipv4 or (f"[{self.ipv6}]" if self.ipv6 else "")


@dataclass(frozen=True, slots=True)
class Mount:
    """Something mounted into a container at `destination`.

    Attributes:
        kind: the engine's word for it (`volume`, `bind`, `tmpfs`).
        volume: the volume's name, empty for all else.
    """

    destination: str
    kind: str
    writable: bool
    volume: str = ""

    @property
    def anonymous(self) -> bool:
        """Whether it is a volume without a name of its own: the engine gives it 64 digits."""
        return len(self.volume) == ANONYMOUS and not set(self.volume) - set("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A container's own HEALTHCHECK.

    Attributes:
        command: argv to run in the container; `CMD-SHELL` is already `[shell, -c, text]`.
        timeout: seconds one run may take (docker's default is 30).
        start_period: seconds during which failures do not count.
        retries: consecutive failures that make the container unhealthy (docker's default is 3).
    """

    command: tuple[str, ...]
    timeout: float = 30.0
    start_period: float = 0.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Replica:
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
        mounts: volumes, binds and tmpfs, by destination.
        read_only: whether the root filesystem cannot be written.
        made_from: the project's directory on the machine whose compose made it.
        command: what its first process was started with, the entrypoint included.
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
        """Whether it has ended well, and nothing is to start it again."""
        stays = self.restart_policy in ("no", "on-failure")
        return self.state is ContainerState.EXITED and self.exit_code == 0 and stays

    @property
    def anonymous_volumes(self) -> tuple[str, ...]:
        """The names of the volumes that were made for it alone."""
        return tuple(mount.volume for mount in self.mounts if mount.anonymous)

    def attached_to(self, network_id: str) -> Attachment | None:
        """The container's place on one network, by NetworkID."""
        return next((n for n in self.networks if n.network_id == network_id), None)


@dataclass(frozen=True, slots=True)
class Server:
    """One `server` line of an upstream.

    Attributes:
        address: `host:port`, IPv6 in brackets, as nginx reads it.
        parameters: what follows it, verbatim (`weight=2`, `max_fails=3`, `backup`).
        comment: what to write behind it; composeroll puts the container's name and short ID there.
    """

    address: str
    parameters: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Upstream:
    """An nginx upstream block.

    Attributes:
        directives: everything in the block that is no `server`, verbatim and in order
            (`zone backend 256k`, `keepalive 32`), without the semicolon.
    """

    name: str
    servers: tuple[Server, ...] = ()
    directives: tuple[str, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses that the upstream names."""
        return frozenset(server.address for server in self.servers)

    @property
    def names(self) -> tuple[str, ...]:
        """The servers that go by a name: whoever bears it in DNS gets requests, ready or not."""
        return tuple(s.address for s in self.servers if not _is_ip(s.address))

    @property
    def resolves(self) -> bool:
        """Whether nginx goes on asking for a name, and has no address until the first answer."""
        return any("resolve" in server.parameters for server in self.servers)


def host_of_address(address: str) -> str:
    """The bare host of `host:port`; of an IPv6 address without its brackets."""
    return address.rpartition(":")[0].strip("[]")


def _is_ip(server: str) -> bool:
    try:
        ip_address(host_of_address(server))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Route:
    """How requests reach a service: through which gateway containers, upstream, file and port.

    Attributes:
        gateway: the compose service that runs nginx.
        containers: full IDs of its running containers, all of which are written.
        upstream: nginx's name of the upstream.
        include: absolute path, inside the gateway, of the file that holds just that upstream.
        network_id: the network that gateway and replicas share, by NetworkID.
        template: path on this machine of the user's own Jinja2 template, or None.
    """

    gateway: str
    containers: tuple[str, ...]
    upstream: str
    include: str
    port: int
    protocol: Protocol
    network_id: str
    template: str | None = None

    def address(self, replica: Replica) -> str:
        """`host:port` of a replica on the shared network, empty if it has no address there."""
        place = replica.attached_to(self.network_id)
        return f"{place.host}:{self.port}" if place and place.host else ""


@dataclass(frozen=True, slots=True)
class Site:
    """Something that a gateway can be asked for, as its configuration tells.

    Attributes:
        host: the name it goes by, empty where any will do.
        ipv6: whether it listens on IPv6 addresses alone.
        tls: whether it speaks TLS.
        proxied: whether it wants to be told first who is connecting (the PROXY protocol).
        http: whether it can be asked a question; else it can only be connected to.
    """

    port: int
    host: str = ""
    ipv6: bool = False
    tls: bool = False
    proxied: bool = False
    http: bool = True

    def __str__(self) -> str:
        scheme = ("https" if self.tls else "http") if self.http else "tcp"
        if not self.host:
            return f"{scheme} on port {self.port}"
        return f"{scheme}://{self.host}:{self.port}"

    def address_in(self, place: Attachment) -> str:
        """`host:port` of the site at a container's place on a network, empty where it has none."""
        host = (f"[{place.ipv6}]" if place.ipv6 else "") if self.ipv6 else place.ipv4
        return f"{host}:{self.port}" if host else ""


@dataclass(frozen=True, slots=True)
class Visit:
    """How a site answered.

    Attributes:
        status: the HTTP status; 0 where no answer came, 200 where it could only be connected to.
        said: what happened, in words that go on from "it …" (`answered 503`).
        output: the end of the body, as lines.
    """

    status: int
    said: str
    output: tuple[str, ...] = ()


class LogStream(StrEnum):
    """The two outputs of a container."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that nginx got for a request, as its access log tells it.

    Attributes:
        address: `host:port` of the server, or the upstream's own name where nginx found none of
            its servers alive; empty where the log does not say who answered.
        status: the HTTP status, 0 where there was none.
        line: the line of the log.
    """

    address: str
    status: int
    line: str


@dataclass(frozen=True, slots=True)
class Held:
    """What nginx's workers from before a reload still hold; connections are names of no meaning.

    Attributes:
        workers: how many such workers there are.
        leaving: their connections to the replicas that are drained.
        elsewhere: those to other services, whose clients can ask nobody else any more.
        waiting: how many clients may still ask for anything.
        unknown: why it cannot be told, empty where it can.
    """

    workers: int = 0
    leaving: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    waiting: int = 0
    unknown: str = ""

    def __add__(self, other: Held) -> Held:
        """Both together."""
        return Held(
            self.workers + other.workers,
            self.leaving | other.leaving,
            self.elsewhere | other.elsewhere,
            self.waiting + other.waiting,
            self.unknown or other.unknown,
        )


class Severity(StrEnum):
    """What a finding means: a rollout is refused, something will hurt, or could be better."""

    REFUSAL = "refusal"
    WARNING = "warning"
    NOTE = "note"


Locate = Callable[[Sequence[str]], str]
"""From nested keys of the compose files to `file:line`, or the keys where no file has them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that would go wrong, seen beforehand.

    Attributes:
        what: one sentence without a full stop.
        help: the line to change, or the command to run.
        service: the one it is about, empty where it is about several or about the gateway; two
            findings that say the same are one, whatever they are about.
    """

    severity: Severity
    what: str
    help: str = ""
    service: str = field(default="", compare=False)

    def about(self, service: str) -> Finding:
        """The same about a service."""
        return replace(self, service=service)


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished command left: exit code, and stdout with stderr as text."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Both streams' lines, stdout first, empty ones left out."""
        text = f"{self.stdout}\n{self.stderr}"
        return tuple(line for line in text.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a container, seen from the engine's host. `pid` and `ppid` are the host's."""

    pid: int
    ppid: int
    args: str


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """One event of the engine about a container (`die`, `start`, `health_status: unhealthy`)."""

    action: str
    id: str
    service: str
    attributes: dict[str, str] = field(default_factory=dict)
