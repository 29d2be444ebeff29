"""Bring a stack up, and take it away whatever happens."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.bed import registry, state
from tests.e2e.harness import docker
from tests.e2e.harness.artifacts import alive, keep
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.stack import Stack

ANSWERS_WITHIN = 60.0
AT_ONCE = 4


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
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda service: stack.push("1", service), recipe.images))
            _start(stack, without)
        except BaseException:
            # When pytest hears of it, the containers are gone.
            keep(os.environ.get("PYTEST_CURRENT_TEST", stack.project).partition(" ")[0])
            raise
        yield stack
    finally:
        alive.remove(stack)
        _remove(stack)


def answers_well(url: str) -> bool:
    """Whether a good answer comes from there."""
    try:
        with urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


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
    everyone = stack.compose("config", "--services").stdout.split() if without else ()
    services = [service for service in everyone if service not in without]
    stack.compose("up", "--detach", "--no-deps", *services)
    answers = _is_reached if without else answers_well
    await_answers(stack, answers)


def await_answers(stack: Stack, answers: Callable[[str], bool] = answers_well) -> None:
    """Wait until every gateway answers."""
    for url in stack.urls():
        state.await_state(f"{stack.project} at {url}", partial(answers, url), ANSWERS_WITHIN)


def _remove(stack: Stack) -> None:
    """Take away all it had, also locks of killed rollouts and images kept for a rollback."""
    try:
        docker.remove_project(stack.project)
    finally:
        docker.remove_images(f"{stack.registry}/", f"composeroll-kept/{stack.project}:")


def _is_reached(url: str) -> bool:
    """Whether nginx answers, be it with an error of its own."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
