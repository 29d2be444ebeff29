"""The way to a real engine, and what holds beside others who use it."""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from composeroll.engine import empty
from composeroll.engine.engine import Engine
from composeroll.errors import EngineUnreachable
from tests.e2e.engine_projects import (
    DEAF,
    Alarm,
    Project,
    alarm_after,
    docker,
    processes_about,
    running,
    until_they_sleep,
)

pytestmark = pytest.mark.e2e


def test_over_the_socket_reading_needs_no_docker_program(
    local: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (one,) = running(local)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert local.replicas()
    assert local.execute(one, ["true"]).exit_code == 0
    assert local.processes(one)
    assert local.read_file(one, "/etc/hostname")
    with local.events() as events:
        local.stop({one: 0})
        assert events.next(5)


def test_through_docker_four_processes_serve_any_number_of_threads(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    (one,) = running(engine)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: engine.find(one), range(100)))
    assert {replica.id for replica in found if replica} == {one}
    most = 0 if request.node.callspec.params["engine"] == "socket" else 4
    own = processes_about("system dial-stdio", parent=os.getpid())
    assert min(most, 1) <= len(own) <= most, own


def test_after_an_interrupted_call_the_engine_answers_as_before(
    project: Project, engine: Engine
) -> None:
    project.service(command=DEAF)
    (one,) = running(engine)
    until_they_sleep([one])
    with pytest.raises(Alarm), alarm_after(0.3):
        engine.stop({one: 3})
    replica = engine.find(one)
    assert replica is not None
    assert replica.id == one


def test_an_engine_that_is_not_there_is_unreachable_with_advice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/no-such-engine.sock")
    nowhere = Engine(project.flags, project.name)
    for ask in (
        nowhere.replicas,
        nowhere.events,
        lambda: nowhere.verdicts({"app": 1}),
        lambda: nowhere.create({"app": 1}),
    ):
        with pytest.raises(EngineUnreachable) as caught:
            ask()
        assert "docker info" in (caught.value.help or "")
    monkeypatch.undo()


def test_locks_are_taken_while_somebody_removes_the_image_they_are_made_of(
    project: Project, local: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker image prune --all` at every moment, as seen from a rollout."""
    image = f"{project.name}:empty"  # other tests go on using the common one
    monkeypatch.setattr(empty, "EMPTY_IMAGE", image)
    done, removed = threading.Event(), 0

    def prune() -> None:
        nonlocal removed
        while not done.is_set():
            with suppress(subprocess.CalledProcessError):  # in use, or gone already
                docker("image", "rm", image)
                removed += 1

    with ThreadPoolExecutor() as pool:
        pruning = pool.submit(prune)
        try:
            for _ in range(40):
                taken = local.locks.claim(project.name, project.name, "{}")
                assert taken is not None
                local.locks.release(taken)
        finally:
            done.set()
            pruning.result()
            with suppress(subprocess.CalledProcessError):  # gone already
                docker("image", "rm", image)
    assert removed > 0
