"""Host ports that a service publishes, from the long form that `docker compose config` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

ANY_PORT = "0"
"""The port 0 in a file: the engine gives each container a free port."""


class PortRange(Struct, frozen=True):
    """Host ports of which each container gets one."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    @property
    def size(self) -> int:
        """How many containers can have a port of the range."""
        return self.last - self.first + 1


def fixed_ports(ports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ports that only one container can publish, as `8080:80`."""
    said = [(str(p.get("published") or "0"), p["target"]) for p in ports]
    return [f"{host}:{target}" for host, target in said if host != ANY_PORT and "-" not in host]


def short_forms(ports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield all ports in short form: `127.0.0.1:8080:80`, `127.0.0.1::80`, `53:53/udp`, `80`."""
    for port in ports:
        host, published = str(port.get("host_ip") or ""), str(port.get("published") or "")
        bound = [f"[{host}]" if ":" in host else host] if host else []
        outer = [published] if published or host else []
        protocol = str(port.get("protocol") or "tcp")
        suffix = "" if protocol == "tcp" else f"/{protocol}"
        yield ":".join((*bound, *outer, str(port["target"]))) + suffix


def port_ranges(ports: Sequence[Mapping[str, Any]]) -> Iterator[PortRange]:
    """Yield the ranges whose ports the containers share: `published: 3000-3002`."""
    for port in ports:
        first, dash, last = str(port.get("published") or "").partition("-")
        if dash:
            yield PortRange(int(first), int(last))
