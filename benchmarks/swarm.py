"""Swarm's own rolling update, `start-first`: two replicas, found through the engine's DNS.

An engine that is in no swarm becomes one of a single node for as long as this takes. The service
has no virtual address, since those need IPVS in the kernel: nginx asks the engine's DNS for it
every second. Swarm waits for a healthcheck that looks every second.

An engine that leaves a swarm forgets the names of all containers on all of its networks (28.5.2):
so this happens only where nobody else uses it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from benchmarks.clock import docker
from benchmarks.stack import ANSWERS_WITHIN, GATEWAY, answers, insist_on, provide, reference
from tests.bed import registry, state

SERVICE = "app"
"""The name that the gateway image's boot default resolves."""

HEALTHY: Final = ("--health-cmd", "python3 /srv/check.py", "--health-interval", "1s")
START_FIRST: Final = ("--update-order", "start-first", "--update-parallelism", "0")


@dataclass
class Swarm:
    """A service of two replicas behind a gateway of its own."""

    name: str
    stop: str
    versions: Iterator[str] = field(default_factory=lambda: cycle("ba"))

    @property
    def url(self) -> str:
        """Where its gateway answers."""
        return f"http://{docker('port', self.name, '80')}/"

    def update(self) -> None:
        """`docker service update`, which waits until its tasks run."""
        version = next(self.versions)
        image = reference(self.stop, version)
        docker("service", "update", "--quiet", "--no-resolve-image", "--image", image, SERVICE)
        insist_on(self.url, version)


def can_be_had() -> bool:
    """Whether the engine is in no swarm, and runs nothing that would lose its name."""
    running = docker("ps", "--format", "{{.Names}}").split()
    membership = docker("info", "--format", "{{.Swarm.LocalNodeState}}")
    return membership == "inactive" and not set(running) - {registry.NAME}


@contextmanager
def swarm(stop: str) -> Iterator[Swarm]:
    """Make the swarm, and leave it with all that was in it."""
    provide(stop)
    made = Swarm(f"bench-swarm-{os.getpid()}", stop)
    docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")
    try:
        _start(made)
        state.await_state("the swarm", lambda: answers(made.url), ANSWERS_WITHIN)
        yield made
    finally:
        try:
            docker("rm", "--force", made.name)
        finally:
            docker("swarm", "leave", "--force")


def _start(made: Swarm) -> None:
    docker("network", "create", "--driver", "overlay", "--attachable", made.name)
    place = ("--network", made.name, "--endpoint-mode", "dnsrr", "--replicas", "2")
    ending = ("--stop-grace-period", "20s", "--no-resolve-image", "--quiet")
    image = reference(made.stop, "a")
    docker("service", "create", "--name", SERVICE, *place, *HEALTHY, *START_FIRST, *ending, image)
    gateway = ("--name", made.name, "--network", made.name, "--publish", "127.0.0.1::80")
    docker("run", "--detach", *gateway, GATEWAY.ref)
