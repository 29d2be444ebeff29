"""What a rollout that was cut off leaves behind, and whether `status` tells of it."""

from __future__ import annotations

from composeroll.engine.locks import PROJECT
from tests.e2e.harness import claims, docker
from tests.e2e.harness.stack import Stack

KEPT = 6
"""Images that are kept for a way back: the default of `keep`, and the one that is held back."""


def what_is_half_done(stack: Stack, before: claims.Before) -> bool:
    """Whether something is, and then `status` says so, with the command that finishes it."""
    locked = f"composeroll-lock.{stack.project}.app" in docker.names_with(stack.project)
    extra = len(stack.containers("app")) != before.count("app")
    said = stack.composeroll("status", *stack.selection)
    assert said.code == 0, str(said)
    if locked or extra:
        assert stack.advised("composeroll", "update app") in said.stdout, str(said)
    return locked or extra


def nothing_of_ours_is_left(stack: Stack) -> None:
    """No lock of this project, and no more kept images than are promised.

    A lock is known by its label: by its image only until somebody removes that tag.
    """
    ours = ("--filter", f"label={PROJECT}={stack.project}", "--format", "{{.Names}}")
    locks = docker.docker("ps", "--all", *ours)
    assert not locks, locks
    for service in stack.recipe.includes:
        kept = ("--filter", f"reference=composeroll-kept/{stack.project}:{service}.*", "--quiet")
        assert len(set(docker.docker("images", *kept).split())) <= KEPT
