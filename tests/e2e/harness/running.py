"""Bring a stack up, and take it away whatever happens."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.bed import registry, state
from tests.e2e.harness import docker
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.stack import Stack

ANSWERS_WITHIN = 30.0
AT_ONCE = 4

alive: list[Stack] = []
"""The stacks that run now, for the artifacts of a failed test."""


@contextmanager
def running(
    recipe: Recipe, directory: Path, *, without: tuple[str, ...] = (), prefix: str = "e2e"
) -> Iterator[Stack]:
    """A stack in version 1 that answers, in a directory of its own below `directory`.

    Args:
        recipe: what it is made from.
        directory: where it keeps its files.
        without: services that are not started.
        prefix: how its project's name begins.
    """
    stack = _prepared(recipe, directory, prefix)
    alive.append(stack)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda service: stack.push("1", service), recipe.images))
        _start(stack, without)
        yield stack
    finally:
        alive.remove(stack)
        _remove(stack)


def _prepared(recipe: Recipe, directory: Path, prefix: str) -> Stack:
    project = f"{prefix}-{uuid.uuid4().hex[:8]}"
    home = directory / project
    home.mkdir()
    for file in recipe.files:
        shutil.copy(file, home)
    for name, text in recipe.beside.items():
        (home / name).write_text(text, encoding="utf-8")
    names = tuple(file.name for file in recipe.files)
    stack = Stack(project, recipe, home, names, f"{registry.ADDRESS}/e2e/{project}")
    stack.set(REGISTRY=stack.registry, **recipe.variables)
    return stack


def _start(stack: Stack, without: tuple[str, ...]) -> None:
    wanted = stack.compose("config", "--services").stdout.split()
    services = [service for service in wanted if service not in without]
    stack.compose("up", "--detach", "--no-deps", *services)
    answers = _is_reached if without else _answers_well
    for url in stack.urls():
        state.await_state(f"{stack.project} at {url}", partial(answers, url), ANSWERS_WITHIN)


def _remove(stack: Stack) -> None:
    """Take away all it had, and the lock of a rollout that was killed."""
    stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "0")
    if left := docker.names_with(stack.project):
        docker.docker("rm", "--force", "--volumes", *left)
        stack.compose("down", "--timeout", "0")  # the network that these were on
    docker.remove_images(stack.registry)
    docker.remove_kept(stack.project)


def _answers_well(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _is_reached(url: str) -> bool:
    """Whether nginx answers, be it with an error of its own."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
