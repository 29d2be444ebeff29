"""Containers on a real engine: made, started, stopped, removed, renamed, measured."""

from __future__ import annotations

import time

import pytest

from composeroll.engine.engine import Engine
from composeroll.errors import EngineError
from composeroll.model import ContainerState
from tests.e2e.engine_projects import DEAF, Project, docker, running, until_they_sleep

pytestmark = pytest.mark.e2e

GRACE = 5
"""Seconds, which twenty containers in a row would take twenty times."""

ENGINES_GRACE = 10
"""Seconds that the engine gives a container which says nothing of its own."""


def test_created_containers_are_listed_by_number_and_not_started(engine: Engine) -> None:
    engine.create({"app": 3})
    replicas = engine.replicas()
    assert [replica.number for replica in replicas] == [1, 2, 3]
    assert {replica.state for replica in replicas} == {ContainerState.CREATED}


def test_starting_stopping_and_removing_twice_is_as_good_as_once(engine: Engine) -> None:
    (one,) = running(engine)
    engine.start([one])
    for _ in range(2):
        engine.forbid_restart([one])
        engine.stop({one: 5})
    for _ in range(2):
        engine.remove([one])
    engine.stop({one: None})
    engine.forbid_restart([one])
    assert engine.find(one) is None


def test_one_whose_process_ends_meanwhile_is_kept_from_restarting(
    project: Project, local: Engine
) -> None:
    project.service(command=["sh", "-c", "sleep 0.2; exit 3"], restart="always")
    deadline = time.monotonic() + 60
    for one in running(local, 5):
        ended = False
        while not ended:  # without a pause: what is wanted is to meet the very moment
            assert time.monotonic() < deadline, local.find(one)
            local.forbid_restart([one])
            found = local.find(one)
            ended = found is None or found.state is ContainerState.EXITED


def test_twenty_containers_that_ignore_sigterm_stop_in_the_time_of_a_few(
    project: Project, engine: Engine
) -> None:
    project.service(command=DEAF)
    twenty = running(engine, 20)
    assert {replica.state for replica in engine.replicas()} == {ContainerState.RUNNING}
    until_they_sleep(twenty)
    start = time.monotonic()
    engine.stop(dict.fromkeys(twenty, GRACE))
    assert time.monotonic() - start < len(twenty) * GRACE / 2
    assert {replica.exit_code for replica in engine.replicas()} == {137}


def test_without_a_grace_period_the_containers_own_holds(project: Project, local: Engine) -> None:
    project.service(command=DEAF, stop_grace_period="1s")
    (one,) = running(local)
    until_they_sleep([one])
    start = time.monotonic()
    local.stop({one: None})
    assert 1 <= time.monotonic() - start < ENGINES_GRACE


def test_removing_takes_the_anonymous_volumes_along_only_when_told(
    project: Project, local: Engine
) -> None:
    project.service(volumes=["/data"], labels={"room": project.name})
    for volumes, left in ((False, 1), (True, 0)):
        (one,) = running(local)
        volume = docker("inspect", "--format", "{{(index .Mounts 0).Name}}", one)
        local.stop({one: 0})
        local.remove([one], volumes=volumes)
        found = docker("volume", "ls", "--quiet", "--filter", f"name={volume}").split()
        assert len(found) == left
        if found:
            docker("volume", "rm", *found)


def test_names_are_the_engines_and_a_renamed_container_keeps_its_number(local: Engine) -> None:
    (one,) = running(local)
    local.rename(one, f"{local.project}-other")
    assert f"{local.project}-other" in local.names()
    (replica,) = local.replicas()
    assert (replica.name, replica.number) == (f"{local.project}-other", 1)
    with pytest.raises(EngineError, match="already in use"):
        local.rename(running(local, 2)[1], f"{local.project}-other")


def test_a_network_of_this_machine_is_local(local: Engine) -> None:
    (one,) = running(local)
    replica = local.find(one)
    assert replica is not None
    assert local.is_local_network(replica.networks[0].network_id)


def test_what_running_containers_use_and_their_host_has_left_is_known_at_once(
    engine: Engine,
) -> None:
    here, ended = running(engine, 2)
    engine.stop({ended: 0})
    began = time.monotonic()
    used = engine.memory_used_by([here, ended])
    left = engine.memory_left()
    took = time.monotonic() - began
    assert set(used) == {here}
    assert 0 < used[here] < left
    began = time.monotonic()
    docker("stats", "--no-stream", here)  # waits for a second look at the processor's time
    assert took < time.monotonic() - began
