"""Where the load goes: a loopback address, and nothing else."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


class NotLoopbackError(ValueError):
    """The URL is not http or https on 127.0.0.0/8, ::1 or localhost."""

    def __init__(self, url: str) -> None:
        where = "127.0.0.0/8, [::1] or localhost"
        super().__init__(f"{url}: load goes only to http:// or https:// on {where}")
        self.url = url


@dataclass(frozen=True)
class Target:
    """A parsed URL: the address that is dialled, the Host header's value, path and query."""

    address: str
    port: int
    authority: str
    path: str
    tls: bool = False

    @property
    def ssl(self) -> ssl.SSLContext | None:
        """Return what asyncio needs to speak TLS; whose certificate it is does not matter here."""
        return _context() if self.tls else None

    @property
    def server_hostname(self) -> str | None:
        """Return the name that goes with `ssl`."""
        return self.address if self.tls else None

    @property
    def family(self) -> socket.AddressFamily:
        """Return the address family to dial with."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


def parse_target(url: str) -> Target:
    """Parse `url`; raises NotLoopbackError for any other scheme or host, bad ports included.

    No name is ever looked up: `localhost` is 127.0.0.1 (RFC 6761 section 6.3 allows that), every
    other name is refused, so nothing in a resolver's configuration can send the load elsewhere.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise NotLoopbackError(url) from error
    address = "127.0.0.1" if host == "localhost" else host
    if parts.scheme not in PORTS or not _is_loopback(address):
        raise NotLoopbackError(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = parts.netloc.rpartition("@")[2]
    return Target(address, port, authority, path, parts.scheme == "https")


@cache
def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return parsed.is_loopback
    return parsed == ipaddress.IPv6Address("::1") and "%" not in address
