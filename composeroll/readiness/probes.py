"""The ways to ask a replica whether it is ready, and which of them a service gets."""

from __future__ import annotations

import shlex

from msgspec import Struct

from composeroll.config.settings import Ready
from composeroll.errors import SettingsError
from composeroll.model import Healthcheck, Protocol, Route

StatusRanges = tuple[tuple[int, int], ...]
"""Closed ranges of accepted status codes."""


class HealthcheckProbe(Struct, frozen=True):
    """The container's own HEALTHCHECK, run by us; `timeout` is its own, in seconds."""

    command: tuple[str, ...]
    timeout: float

    def __str__(self) -> str:
        return f"healthcheck `{_as_written(self.command)}`"


class HttpProbe(Struct, frozen=True):
    """An HTTP GET; `host` is the Host header, None for the replica's address.

    Over `tls` as nginx speaks to it: certificates are taken as they come.
    """

    path: str
    host: str | None
    accepted: StatusRanges
    tls: bool = False

    def __str__(self) -> str:
        return f"GET {self.path}" + (" over TLS" if self.tls else "")


class FastcgiProbe(Struct, frozen=True):
    """A FastCGI request for `path`, which php-fpm's `ping.path` answers without any script."""

    path: str
    accepted: StatusRanges

    def __str__(self) -> str:
        return f"FastCGI {self.path}"


class GrpcProbe(Struct, frozen=True):
    """`grpc.health.v1.Health/Check` for `service`, empty for the whole server.

    `asked` is false where nobody set a path: then a server without a health service, or without a
    status of the whole, passes too, since it has spoken gRPC, which is more than an open port.
    """

    service: str
    asked: bool

    def __str__(self) -> str:
        return f"gRPC health of {self.service}" if self.service else "gRPC health"


class TcpProbe(Struct, frozen=True):
    """The port accepts a connection."""

    port: int

    def __str__(self) -> str:
        return f"port {self.port} accepts"


class UpProbe(Struct, frozen=True):
    """Nothing can be asked: the container runs and goes on running."""

    def __str__(self) -> str:
        return "stays up"


AddressProbe = HttpProbe | FastcgiProbe | GrpcProbe | TcpProbe
"""Probes of the replica's address, as seen from the gateway."""

Probe = HealthcheckProbe | AddressProbe | UpProbe


def choose(ready: Ready, healthcheck: Healthcheck | None, route: Route | None) -> Probe:
    """The probe of a service.

    A path that someone set goes first, then the container's own HEALTHCHECK, then whatever the
    protocol allows without a setting; a worker without a route can only stay up.

    Raises:
        SettingsError: a path is set, but the protocol has none to ask for.
    """
    if ready.path is not None and route:
        return _asking_for(ready.path, ready, route)
    if healthcheck:
        return HealthcheckProbe(healthcheck.command, healthcheck.timeout)
    if route is None:
        return UpProbe()
    if route.protocol is Protocol.GRPC and not route.tls:
        return GrpcProbe(service="", asked=False)
    return TcpProbe(route.port)


def other_ways(probe: Probe) -> str:
    """What to be asked instead, as the end of a sentence; empty where somebody has chosen."""
    if isinstance(probe, GrpcProbe) and not probe.asked:
        return (
            "; if it tells the health of a service alone, set ready.path: /package.Service, or give"
            " it a HEALTHCHECK"
        )
    return ""


def _asking_for(path: str, ready: Ready, route: Route) -> Probe:
    if route.protocol is Protocol.HTTP:
        return HttpProbe(path, ready.host, ready.status, route.tls)
    if route.protocol is Protocol.FASTCGI:
        return FastcgiProbe(path, ready.status)
    if route.protocol is Protocol.GRPC and not route.tls:
        return GrpcProbe(path.strip("/"), asked=True)
    over = f"{route.protocol} with TLS" if route.tls else route.protocol
    raise SettingsError(
        f"ready.path is {path}, but nothing can be asked for a path over {over}",
        help="remove ready.path: the healthcheck is used, or the port where there is none",
    )


def _as_written(command: tuple[str, ...]) -> str:
    shell_form = len(command) == len(("sh", "-c", "text")) and command[1] == "-c"
    return command[2] if shell_form else shlex.join(command)
