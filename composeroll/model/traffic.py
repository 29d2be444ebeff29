"""Requests to a gateway, their answers, and its open connections."""

from __future__ import annotations

from msgspec import Struct

from composeroll.model.container import Attachment


class Site(Struct, frozen=True):
    """A site of a gateway that can be requested, from its configuration.

    Attributes:
        host: its server name, empty if any will do.
        ipv6: whether it listens only on IPv6 addresses.
        tls: whether it uses TLS.
        proxied: whether it expects the PROXY protocol.
        http: whether it accepts HTTP requests; otherwise it can only be connected to.
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
        """Return the `host:port` of the site at a container's attachment, empty if it has none."""
        host = (f"[{place.ipv6}]" if place.ipv6 else "") if self.ipv6 else place.ipv4
        return f"{host}:{self.port}" if host else ""


class Visit(Struct, frozen=True):
    """The answer of a site.

    Attributes:
        status: the HTTP status; 0 without an answer, 200 if it can only be connected to.
        said: what happened, as the rest of a sentence that begins with "it" (`answered 503`).
        output: the end of the body, as lines.
        closed: whether it closed the connection without an answer, as `return 444` does, or
            refused TLS.
    """

    status: int
    said: str
    output: tuple[str, ...] = ()
    closed: bool = False


class Answered(Struct, frozen=True):
    """An answer that nginx got for a request, from its access log.

    Attributes:
        address: `host:port` of the server, or the upstream's name if none of its servers was
            available; empty if the log does not name the server.
        status: the HTTP status, 0 if there was none.
        line: the line of the log.
    """

    address: str
    status: int
    line: str


class Held(Struct, frozen=True):
    """What nginx's workers from before a reload still hold; connections are opaque names.

    Attributes:
        workers: how many such workers there are.
        leaving: their connections to the outgoing replicas.
        elsewhere: connections to other services, whose clients can send no further requests.
        waiting: how many clients may still send requests to any service.
        unknown: why this is unknown, empty if it is not.
    """

    workers: int = 0
    leaving: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    waiting: int = 0
    unknown: str = ""

    def __add__(self, other: Held) -> Held:
        """Return both combined."""
        return Held(
            self.workers + other.workers,
            self.leaving | other.leaving,
            self.elsewhere | other.elsewhere,
            self.waiting + other.waiting,
            self.unknown or other.unknown,
        )
