"""The results of `status` and `history`: the command line makes them, `tables` prints them."""

from __future__ import annotations

from msgspec import Struct


class ReplicaStatus(Struct, frozen=True):
    """One replica as `status` shows it.

    Attributes:
        image: the image ID, with or without `sha256:`.
        state: the engine's state, with the health (`running (healthy)`).
        ready: what its healthcheck says; None if it has no result yet, or there is none.
        upstream: whether nginx sends requests to it; None if it never does (a worker, nginx
            itself), or if nginx's configuration cannot be read.
    """

    name: str
    id: str
    image: str
    address: str
    state: str
    ready: bool | None
    upstream: bool | None


class ServiceStatus(Struct, frozen=True):
    """One service: how nginx reaches it, its replicas, and the drift between the two.

    Attributes:
        route: `upstream backend in nginx, fastcgi :9000`; empty for a service without an upstream.
        notes: one sentence for each drift, with what repairs it.
    """

    service: str
    route: str
    replicas: tuple[ReplicaStatus, ...]
    notes: tuple[str, ...] = ()


class Status(Struct, frozen=True):
    """The status of a project; `locks` has a sentence for each run that holds any."""

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
