"""SIGKILL where each step of a replacement of nginx begins: the same command then finishes it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with, update
from tests.long.course import Course
from tests.long.gateway import edge_stack, loads

STEPS = ("create", "rehearse", "hand", "start", "prove", "quit", "await", "retire", "renumber")
"""The first words of a replacement's steps."""


def run(course: Course, directory: Path) -> None:
    """One step a round; the loads go on until nginx is replaced."""
    with edge_stack(directory, migrate=True) as stack:
        for number in course.each():
            step = STEPS[(number - 1) % len(STEPS)]
            with loads(course, stack, "requests") as both:
                _killed_and_replaced(course, stack, number, step)
            for load in both:
                with course.promised(f"round {number}, killed at {step}: no request fails"):
                    claims.nothing_was_lost(load.result())


def _killed_and_replaced(course: Course, stack: Stack, number: int, step: str) -> None:
    before = claims.Before.of(stack)
    stack.push(f"{number}-{step}", "gateway")
    with update(stack, "gateway") as killed:
        killed.step(step)
        killed.process.kill()
        killed.process.wait()
    with course.timed("update after SIGKILL"):
        again = stack.update("gateway")
    course.say(f"round {number}: killed at {step}; again: {again.code}")
    with course.promised(f"round {number}, killed at {step}: the same command finishes"):
        ended_with(again, 0)
        claims.all_are_new(stack, "gateway", before.containers, 1)
        claims.others_were_not_touched(stack, ("gateway",), before.containers)
        claims.nothing_is_left_over(stack, before)
        claims.the_include_names_exactly_the_replicas(stack, "app")
