"""What a user can set for a service, with defaults; `layers` reads the values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from composeroll.model import Protocol


class Order(StrEnum):
    """Compose's `deploy.update_config.order`."""

    START_FIRST = "start-first"
    STOP_FIRST = "stop-first"


class LongConnections(StrEnum):
    """Whether a drain waits for connections that have been open for `drain.long_after`."""

    WAIT = "wait"
    CUT = "cut"


class Pull(StrEnum):
    """Compose's `--pull`."""

    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


class Ready(Struct, frozen=True):
    """When a replica counts as ready.

    Attributes:
        path: the path of an HTTP request, a script or ping.path over FastCGI, or a service's name
            over gRPC; None: the service's own healthcheck.
        status: closed ranges of accepted status codes.
        host: the `Host` header of an HTTP request; None: the replica's address.
        timeout: seconds a replica may take to prove itself.
        interval: seconds between two attempts.
        successes: consecutive successes required; None: 2 if only the port can be probed, else 1.
        settle: seconds it must then stay up; None: 3 if only the port can be probed, else 0.
    """

    path: str | None = None
    status: tuple[tuple[int, int], ...] = ((200, 399),)
    host: str | None = None
    timeout: float = 60.0
    interval: float = 0.2
    successes: int | None = None
    settle: float | None = None


class Drain(Struct, frozen=True):
    """How long outgoing replicas may take to finish their requests, in seconds.

    Attributes:
        timeout: how long a drain waits at most.
        long_connections: whether it waits for long connections.
        long_after: how long a connection has to be open to be long.
        detach: whether the replicas drain after the rollout has ended.
    """

    timeout: float = 60.0
    long_connections: LongConnections = LongConnections.WAIT
    long_after: float = 10.0
    detach: bool = False

    @property
    def cut_after(self) -> float | None:
        """Seconds after which a drain no longer waits for a connection, None to wait for all."""
        return self.long_after if self.long_connections is LongConnections.CUT else None


class Batch(Struct, frozen=True):
    """How many replicas are replaced at a time: a count, a percentage, or all of them."""

    count: int | None = None
    percent: float | None = None

    def of(self, replicas: int) -> int:
        """Return the size of one batch of `replicas`, at least 1 if there are any."""
        if self.count is not None:
            return min(self.count, replicas)
        if self.percent is not None:
            return min(max(1, int(replicas * self.percent / 100)), replicas)
        return replicas


NO_GATEWAY = "none"
"""The value of `gateway` for a service that no nginx sends requests to."""


class Settings(Struct, frozen=True):
    """Everything that can be set for one service; None: composeroll finds it in the running stack.

    Attributes:
        monitor: seconds to watch new replicas while the old ones can still take over.
        max_errors: the share of their answers in that time that may be 5xx (0.05 is 5 %), beyond
            the old ones' share.
        min_requests: how many answers are needed before the share counts.
        keep: how many images are kept for a rollback.
    """

    gateway: str | None = None
    upstream: str | None = None
    include: str | None = None
    port: int | None = None
    protocol: Protocol | None = None
    template: str | None = None
    ready: Ready = field(default_factory=Ready)
    drain: Drain = field(default_factory=Drain)
    order: Order = Order.START_FIRST
    batch: Batch = field(default_factory=Batch)
    monitor: float = 0.0
    max_errors: float = 0.05
    min_requests: int = 20
    keep: int = 5

    @property
    def judges(self) -> bool:
        """Whether new replicas are judged by their answers; with 100 % errors allowed, never."""
        return bool(self.monitor) and self.max_errors < 1
