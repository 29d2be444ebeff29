"""Updates in a row, each with a new image, under every kind of client: no request is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.e2e.harness import claims, docker
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.leftovers import nothing_of_ours_is_left
from tests.long.stretches import stretches, under_judged_load

LOOKS = 3
"""At nginx, after each stretch, that make one comparison: the first is without any client."""

ROOMY = 1.5
"""How much more memory and descriptors nginx may have at the end than after the first rounds."""


@dataclass(frozen=True)
class Nginx:
    """What the gateway's processes hold: memory, open descriptors, and how many they are."""

    kilobytes: int
    descriptors: int
    processes: int

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """The gateway's processes now, as the machine sees them."""
        rows = docker.docker("top", stack.gateways[0].id, "-eo", "pid,rss").splitlines()[1:]
        seen = [tuple(map(int, row.split())) for row in rows]
        descriptors = sum(_descriptors(pid) for pid, _ in seen)
        return cls(sum(size for _, size in seen), descriptors, len(seen))


def _descriptors(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):  # a worker that has ended since
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def run(course: Course, directory: Path) -> None:
    """Update, update, update; the load is summed up in stretches, so that it fits into memory."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        looks = [Nginx.of(stack)]
        for stretch in stretches(course.each()):
            with under_judged_load(course, stack, recipes.QUICK):
                for number in stretch:
                    one(course, stack, number)
            looks.append(Nginx.of(stack))
            course.say(f"{course.counts['rounds']} updates; {looks[-1]}")
        _nothing_grew(course, looks)


def one(course: Course, stack: Stack, number: int) -> None:
    """Push, update, and look whether all is as it should be."""
    stack.push(f"round-{number}")
    before = claims.Before.of(stack)
    with course.timed("update"):
        done = stack.update(*recipes.DRAIN, "app")
    with course.promised(f"round {number}"):
        ended_with(done, 0)
        claims.all_are_new(stack, "app", before.containers, 2)
        is_tidy(stack, ("app",), before)
        nothing_of_ours_is_left(stack)


def _nothing_grew(course: Course, looks: list[Nginx]) -> None:
    """Between the second look and the last: the first is of an nginx without any client."""
    if len(looks) < LOOKS:
        course.say("too few rounds to tell whether nginx grows")
        return
    early, last = looks[1], looks[-1]
    course.counts["nginx, kB at the first look under load"] = early.kilobytes
    course.counts["nginx, kB at the end"] = last.kilobytes
    course.counts["nginx, descriptors at the first look under load"] = early.descriptors
    course.counts["nginx, descriptors at the end"] = last.descriptors
    with course.promised("nginx does not grow"):
        assert last.kilobytes <= ROOMY * early.kilobytes, str(looks)
        assert last.descriptors <= ROOMY * early.descriptors, str(looks)
