"""All containers stopped and started in another order: who mends nginx, how fast, what it answers.

Their addresses are swapped between two services then. The load on each of them looks who answers.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from tests.bed import state
from tests.e2e.harness import docker
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import CALM, ended_with
from tests.e2e.harness.watching import names_exactly, watching
from tests.load import Load, Result
from tests.long import recipes
from tests.long.course import Course

SERVICES = ("app", "other")
CLIENTS = replace(CALM, rate=100, post=0, half_post=0, idle=0, connect_timeout=2.0, timeout=6.0)
"""GETs, whose answers say which service they are from. While nothing runs they fail."""

DOWN = 11.0
"""Seconds; for 10 nginx does not ask addresses that failed (`fail_timeout`), strangers or not."""

KEPT = 6.0
"""Seconds after a reload in which a kept connection may have one more answer from an old worker:
`keepalive_min_timeout` of the gateway, and one."""

MENDED_WITHIN = 60.0
"""Seconds; the start of the containers is not among them."""


def run(course: Course, directory: Path) -> None:
    """In turns: nginx stays while its services restart, and nginx restarts too; then by hand."""
    with running(recipes.two_apps(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update(*SERVICES), 0)
        with watching(stack) as watch:
            for number, restart in zip(course.each(), cycle(RESTARTS), strict=False):
                one(course, stack, f"round {number}, sync --watch", restart, nothing)
            with course.promised("sync --watch ends with 0 on SIGTERM"):
                assert watch.end() == 0, watch.said
            course.say(f"sync --watch printed {len(watch.said.splitlines())} lines")
            course.keep("watch.log", watch.said)
        for number, restart in enumerate(RESTARTS, start=1):
            one(course, stack, f"round {number}, sync by hand", restart, by_hand)


def one(
    course: Course,
    stack: Stack,
    where: str,
    restart: Callable[[Stack], None],
    mend: Callable[[Stack], None],
) -> None:
    """One restart of everything."""
    how = f"{restart.__name__.replace('_', ' ')}, {where.partition(', ')[2]}"
    with loads(stack) as each:
        restart(stack)
        began = time.monotonic()
        mend(stack)
        with course.promised(f"{where}: every upstream names its own replicas"):
            state.await_state("Right upstreams", lambda: right(stack), MENDED_WITHIN)
        mended = time.monotonic()
        course.took(f"until all is right, {how}", mended - began)
        for load in each.values():
            load.after_seconds(2.0)
    for service, load in each.items():
        tell(course, service, load.result(), how, mended)
    course.say(f"{where}: {restart.__name__}: right after {mended - began:.1f} s")


def tell(course: Course, service: str, result: Result, how: str, mended: float) -> None:
    """Count what was answered: by the right service, by another one, or not at all."""
    strangers = {
        name: seen for name, seen in result.versions().items() if not name.startswith(f"{service}-")
    }
    for name, seen in strangers.items():
        course.counts[f"{how}: answers from another service"] += seen.requests
        course.took(f"{how}: seconds of another service's answers", seen.last - seen.first)
        if seen.last > mended + KEPT:
            course.broken.append(f"{how}: {name} answered for {service} after it was mended")
    course.answered(result, f"{how}: requests")


def services_alone(stack: Stack) -> None:
    """Stop all replicas, start the other service's first; nginx goes on with what it was told."""
    _stop_and_start(stack, ())


def nginx_too(stack: Stack) -> None:
    """The same, and nginx is started last, as after a reboot."""
    _stop_and_start(stack, tuple(gateway.id for gateway in stack.gateways))


RESTARTS = (services_alone, nginx_too)


def nothing(stack: Stack) -> None:
    """It is mended by the one that watches."""
    del stack


def by_hand(stack: Stack) -> None:
    """`composeroll sync`."""
    ended_with(stack.composeroll("sync", *stack.selection), 0)


def right(stack: Stack) -> bool:
    """Whether every upstream names its own running replicas."""
    return all(names_exactly(stack, service) for service in SERVICES)


@contextmanager
def loads(stack: Stack) -> Iterator[dict[str, Load]]:
    """Clients of both services."""
    with Load(stack.url, CLIENTS) as app, Load(f"{stack.url}other/", CLIENTS) as other:
        for load in (app, other):
            load.after_requests(100)
        yield {"app": app, "other": other}


def _stop_and_start(stack: Stack, gateways: tuple[str, ...]) -> None:
    """Such that each address, given to whoever starts first, goes to the other service."""
    first, second = (sorted(stack.containers(service), key=_lowest) for service in SERVICES)
    owners = sorted((*first, *second), key=_lowest)
    heirs = {"app": iter(second), "other": iter(first)}
    ids = [next(heirs[owner.service]).id for owner in owners]
    docker.docker("stop", "--time", "1", *ids, *gateways)
    select.select([], [], [], DOWN)
    docker.docker("start", *ids, *gateways)


def _lowest(container: docker.Container) -> tuple[int, ...]:
    return min(tuple(map(int, address.split("."))) for address in container.addresses)
