"""dockerd restarted under a gateway that lives in an edge: whatever is down, `sync` mends.

Containers that share a network namespace cannot start before the one that it belongs to, and an
engine up to 28 gives those up that it comes to first. Addresses may be others afterwards: nginx
goes by names until `sync` has written addresses again.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.bed import registry, state
from tests.e2e.harness import claims, docker
from tests.e2e.harness.running import answers_well, running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.back import all_run
from tests.long.course import Course
from tests.long.engine import OwnEngine, own_engine

BACK_WITHIN = 10.0


def run(course: Course, directory: Path) -> None:
    """Each round: SIGTERM, then SIGKILL to dockerd; whoever stays down is counted.

    What an engine leaves down that has its edge is for `sync` to bring back, and for nobody else.
    """
    settings = {"live-restore": False, "userland-proxy": True}
    with (
        own_engine(directory / "engine", **settings) as engine,
        running(recipes.behind_an_edge(), directory, prefix=recipes.PREFIX) as stack,
    ):
        ended_with(stack.update("app"), 0)
        for number in course.each():
            for signum in (signal.SIGTERM, signal.SIGKILL):
                _restart(course, stack, engine, signum)
            _replace(course, stack, str(number + 1))


def _restart(course: Course, stack: Stack, engine: OwnEngine, signum: signal.Signals) -> None:
    how = f"after {signum.name}"
    engine.end(signum)
    engine.start()
    if not all_run(stack, BACK_WITHIN):
        down = " and ".join(sorted({c.service for c in stack.containers() if _is_down(c)}))
        course.counts[f"{how}: {down} stayed down"] += 1
        if down != "gateway":  # nothing was tried: after a SIGKILL they count as stopped by hand
            stack.compose("start")
            docker.docker("start", registry.NAME)
    began = time.monotonic()
    with course.promised(f"{how}: sync starts nginx where need be, and names the replicas of now"):
        ended_with(stack.composeroll("sync", *stack.selection), 0)
        claims.the_include_names_exactly_the_replicas(stack, "app")
    with course.promised(f"{how}: nginx answers"):
        state.await_state("an answer", lambda: answers_well(stack.url), BACK_WITHIN)
    course.took(f"{how}: from sync to an answer", time.monotonic() - began)
    course.say(how)


def _is_down(container: docker.Container) -> bool:
    return container.state != "running"


def _replace(course: Course, stack: Stack, version: str) -> None:
    before = claims.Before.of(stack)
    state.await_state("The registry", registry.answers, BACK_WITHIN)
    stack.push(version, "gateway")
    with course.promised(f"round {version}: nginx is replaced as ever"):
        ended_with(stack.update("gateway"), 0)
        claims.all_are_new(stack, "gateway", before.containers, 1)
