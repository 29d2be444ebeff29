"""nginx itself is replaced, again and again, between updates of the service behind it.

All that long a load goes to the published ports, over HTTP and over HTTPS. Then a crowd of new
connections, with the kernel's `tcp_migrate_req` on, where none is lost, and off, where some have to
be: that shows that the load sees what it is to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.e2e.harness import claims, recipe
from tests.e2e.harness.rolling import FULL, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import HTTPS, Stack
from tests.e2e.harness.trouble import ended_with
from tests.load import Load
from tests.long import recipes
from tests.long.course import Course

MIX = replace(FULL, rate=150, keepalive=3, fresh=4, slow_path="/slow?s=1")
"""Every kind of request; many connections are new, since it is those that can be lost."""

CROWD = replace(
    MIX, rate=600, keepalive=0, fresh=24, post=0, half_post=0, slow=0, idle=0, slow_path=None
)
"""So many at once that some always wait to be accepted."""

PARTS = 3
"""Each with as many rounds, and a third of the time."""

FEW = 10
"""Replacements in which chance alone may lose nothing: 12 of them lost 47 requests, 6 lost 10."""


def run(course: Course, directory: Path) -> None:
    """First every kind of request, then a crowd with `tcp_migrate_req` on, and the control."""
    with edge_stack(directory, migrate=True) as stack:
        for number in course.each(PARTS):
            with loads(course, stack, "requests") as both:
                _replace(course, stack, str(number + 1), "replaced")
                _update_service(course, stack, str(number + 1))
            for load in both:
                with course.promised(f"round {number}: no request fails"):
                    claims.nothing_was_lost(load.result())
    with edge_stack(directory, migrate=True) as stack:
        failed, _ = _crowded(course, stack, "tcp_migrate_req 1")
        with course.promised("with tcp_migrate_req 1 no new connection is lost"):
            assert not failed, str(failed)
    with edge_stack(directory, migrate=False) as stack:
        failed, rounds = _crowded(course, stack, "tcp_migrate_req 0")
        with course.promised("with tcp_migrate_req 0 some are lost: the load would see it"):
            assert failed or rounds < FEW, f"none in {rounds} replacements"


def _crowded(course: Course, stack: Stack, what: str) -> tuple[int, int]:
    """Nothing but new connections, and many: how many are lost, and in how many rounds."""
    failed = number = 0
    for number in course.each(PARTS):
        with under_load(stack, CROWD) as load:
            _replace(course, stack, str(number + 1), f"{what}: replaced")
        course.answered(load.result(), f"{what}: new connections")
        failed += load.result().failed
    return failed, number


def _update_service(course: Course, stack: Stack, number: str) -> None:
    before = claims.Before.of(stack)
    stack.push(number, "app")
    with course.timed("update of the service"), course.promised(f"round {number}: the service"):
        ended_with(stack.update("app", *recipes.DRAIN), 0)
        claims.others_were_not_touched(stack, ("app",), before.containers)


def _replace(course: Course, stack: Stack, number: str, what: str) -> None:
    before = claims.Before.of(stack)
    stack.push(number, "gateway")
    with course.timed(what), course.promised(f"round {number}: the gateway"):
        ended_with(stack.update("gateway"), 0)
    with course.promised(f"round {number}: nothing but the gateway is another"):
        claims.all_are_new(stack, "gateway", before.containers, 1)
        claims.others_were_not_touched(stack, ("gateway",), before.containers)
        claims.nothing_is_left_over(stack, before)
        claims.the_include_names_exactly_the_replicas(stack, "app")
    course.say(f"round {number}: {what}")


@contextmanager
def edge_stack(directory: Path, *, migrate: bool) -> Iterator[Stack]:
    """The app behind nginx beside an edge; `migrate` is the kernel's `tcp_migrate_req` there."""
    made = recipe.edge()
    made = replace(made, variables={**made.variables, "MIGRATE": str(int(migrate))})
    with running(made, directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


@contextmanager
def loads(course: Course, stack: Stack, what: str) -> Iterator[tuple[Load, Load]]:
    """Every kind of request over HTTP and HTTPS, counted when both have ended."""
    with (
        under_load(stack, MIX) as load,
        under_load(stack, MIX, url=stack.urls(HTTPS)[0]) as tls,
    ):
        yield load, tls
    for one, over in ((load, "HTTP"), (tls, "HTTPS")):
        course.answered(one.result(), f"{what} over {over}")
