"""The probes that can show whether a replica is ready, and the choice of one for a service."""

from __future__ import annotations

import shlex

from msgspec import Struct

from composeroll.config.settings import Ready
from composeroll.errors import SettingsError
from composeroll.model import Healthcheck, Protocol, Route

StatusRanges = tuple[tuple[int, int], ...]
"""Accepted status codes, as ranges that include both ends."""


class HealthcheckProbe(Struct, frozen=True):
    """The container's HEALTHCHECK, run by composeroll, with the timeout (seconds) it declares."""

    command: tuple[str, ...]
    timeout: float

    def __str__(self) -> str:
        return f"healthcheck `{_as_written(self.command)}`"


class HttpProbe(Struct, frozen=True):
    """An HTTP GET; `host` is the Host header, None for the replica's address.

    Over `tls` any certificate is accepted, as nginx does by default (`proxy_ssl_verify off`).
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

    `asked` is False if no path is set: then a server without a health service, or without a
    status for the whole server, passes too. It has answered in gRPC, which proves more than an
    open port.
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
    """No way to probe: the container has to keep running."""

    def __str__(self) -> str:
        return "stays up"


AddressProbe = HttpProbe | FastcgiProbe | GrpcProbe | TcpProbe
"""Probes of the replica's address, as seen from the gateway."""

Probe = HealthcheckProbe | AddressProbe | UpProbe


def choose(ready: Ready, healthcheck: Healthcheck | None, route: Route | None) -> Probe:
    """Return the probe of a service.

    The setting `ready.path` comes first, then the container's HEALTHCHECK, then what the protocol
    offers without a setting. A worker, which has no route, only has to stay up. So does a server
    that nginx reaches over UDP, which accepts no connections.

    Raises:
        SettingsError: `ready.path` is set, and the protocol has no paths.
    """
    if ready.path is not None and route:
        return _asking_for(ready.path, ready, route)
    if healthcheck:
        return HealthcheckProbe(healthcheck.command, healthcheck.timeout)
    if route is None or route.protocol is Protocol.UDP:
        return UpProbe()
    if route.protocol is Protocol.GRPC and not route.tls:
        return GrpcProbe(service="", asked=False)
    return TcpProbe(route.port)


def other_ways(probe: Probe) -> str:
    """Return advice on other probes, as the end of a sentence; empty if the user has chosen one."""
    if isinstance(probe, GrpcProbe) and not probe.asked:
        return (
            "; if it reports the health of single services only, set ready.path: /package.Service,"
            " or give it a HEALTHCHECK"
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
        f"ready.path is {path}, but requests for a path are not supported over {over}",
        help="remove ready.path: then the healthcheck is used, or the port if there is none",
    )


def _as_written(command: tuple[str, ...]) -> str:
    shell_form = len(command) == len(("sh", "-c", "text")) and command[1] == "-c"
    return command[2] if shell_form else shlex.join(command)
