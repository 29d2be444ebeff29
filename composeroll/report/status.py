"""What `status` and `history` found: the command line fills these, `tables` writes them."""

from __future__ import annotations

from msgspec import Struct


class ReplicaStatus(Struct, frozen=True):
    """One replica as `status` shows it.

    Attributes:
        image: the image ID, with or without `sha256:`.
        state: the engine's word with its health (`running (healthy)`).
        ready: what its own healthcheck says, None where it has not yet, or has none.
        upstream: whether nginx sends requests to it, None where it is in no upstream by nature: a
            worker, nginx itself; or where nginx cannot be asked.
    """

    name: str
    id: str
    image: str
    address: str
    state: str
    ready: bool | None
    upstream: bool | None


class ServiceStatus(Struct, frozen=True):
    """One service: how nginx reaches it, its replicas, and where the two disagree.

    Attributes:
        route: `upstream backend in nginx, fastcgi :9000`, empty for a service without one.
        notes: drift, one sentence each with what mends it.
    """

    service: str
    route: str
    replicas: tuple[ReplicaStatus, ...]
    notes: tuple[str, ...] = ()


class Status(Struct, frozen=True):
    """All that `status` tells of a project; `locks` has a sentence for each who holds some."""

    project: str
    services: tuple[ServiceStatus, ...]
    locks: tuple[str, ...] = ()


class Past(Struct, frozen=True):
    """One line of `history`; `at` is RFC 3339, in UTC."""

    at: str
    services: str
    outcome: str
    image: str
    seconds: float
    who: str = ""
