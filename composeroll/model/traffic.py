"""What a gateway is asked, what was answered, and what it still holds."""

from __future__ import annotations

from msgspec import Struct

from composeroll.model.container import Attachment


class Site(Struct, frozen=True):
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


class Visit(Struct, frozen=True):
    """How a site answered.

    Attributes:
        status: the HTTP status; 0 where no answer came, 200 where it could only be connected to.
        said: what happened, in words that go on from "it …" (`answered 503`).
        output: the end of the body, as lines.
        closed: it accepted the connection and ended it without a word, as `return 444` does, or
            declined to speak TLS.
    """

    status: int
    said: str
    output: tuple[str, ...] = ()
    closed: bool = False


class Answered(Struct, frozen=True):
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


class Held(Struct, frozen=True):
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
