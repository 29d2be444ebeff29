"""Locks on a real engine: of another host's run, silent ones, pruned and broken ones."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from composeroll.engine.empty import EMPTY_IMAGE
from composeroll.engine.locks import HOLDER, NOTE, PROJECT
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.lock.note import LEASE, Note, lock_name
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import brief_load, ended_with, nobody_notices, update

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas."""
    with running(recipe.app("breakable"), tmp_path_factory.mktemp("locks")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


def locked_from_elsewhere(stack: Stack, silent_for: float) -> str:
    """The lock of a run on another host, whose last sign of life is so many seconds old."""
    holder = replace(this_process(), host="elsewhere", boot="another boot", who="deploy")
    labels = (f"{PROJECT}={stack.project}", f"{HOLDER}={holder.to_json()}")
    words = [word for label in labels for word in ("--label", label)]
    name = lock_name(stack.project, "app")
    lock = docker.docker("create", "--name", name, *words, EMPTY_IMAGE, "never started")
    note = Note(time.time() - silent_for).to_json().encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(NOTE.removeprefix("/"))
        member.size = len(note)
        tar.addfile(member, io.BytesIO(note))
    subprocess.run(["docker", "cp", "-", f"{lock}:/"], input=archive.getvalue(), check=True)
    return lock


def lock(stack: Stack, verb: str) -> str:
    """What `composeroll lock` prints."""
    done = stack.composeroll("lock", verb, *stack.selection, "app")
    ended_with(done, 0)
    return done.stdout


def test_kamal_656_1517_1930_another_hosts_run_is_left_alone_until_somebody_releases_its_lock(
    stack: Stack,
) -> None:
    stack.set(EDITION="elsewhere")
    locked_from_elsewhere(stack, silent_for=LEASE / 9)
    with nobody_notices(stack):
        helps = stack.advised("composeroll", "lock release app")
        ended_with(stack.update("app"), 4, "deploy@elsewhere", helps)
        assert "app is locked by deploy@elsewhere" in lock(stack, "status")
        assert "released app, held by deploy@elsewhere" in lock(stack, "release")
        assert lock(stack, "status") == "no service is locked\n"
    ended_with(stack.update("app"), 0)


def test_a_run_on_another_host_that_fell_silent_is_taken_over_by_one_of_two(stack: Stack) -> None:
    stack.set(EDITION="silent")
    before = claims.Before.of(stack)
    locked_from_elsewhere(stack, silent_for=LEASE + 1)
    assert "broke off" in lock(stack, "status")
    with brief_load(stack) as load, ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: stack.update("app"), range(2)))
    claims.nothing_was_lost(load.result())
    assert sorted(end.code for end in ends) in ([0, 4], [0, 0])
    assert any("taking over from deploy@elsewhere" in end.stderr for end in ends)
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


def test_a_lock_that_is_released_leaves_what_is_half_done_to_the_next_run(stack: Stack) -> None:
    """Two of four replicas are new then, and nobody wanted four."""
    stack.set(EDITION="released")
    before = claims.Before.of(stack)
    with update(stack, "app", pause="await") as run:
        run.step("await")
        run.process.kill()
        run.process.wait()
    helps = stack.advised("composeroll", "update app")
    assert f"{helps} finishes it" in lock(stack, "release")
    ended_with(stack.update("app"), 0)
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


def test_who_waits_for_a_lock_gets_it_when_it_is_released(stack: Stack) -> None:
    stack.set(EDITION="waited")
    before = claims.Before.of(stack)
    locked_from_elsewhere(stack, silent_for=0.0)
    with update(stack, "--lock-wait", "2m", "app") as run:
        run.until(event="noted", text="waiting: ")
        lock(stack, "release")
        done = run.end()
    ended_with(done, 0)
    claims.all_are_new(stack, "app", before.containers, 2)


def test_a_prune_in_the_middle_takes_the_lock_and_harms_nothing(stack: Stack) -> None:
    stack.set(EDITION="pruned")
    before = claims.Before.of(stack)
    with brief_load(stack) as load, update(stack, "app", pause="await") as run:
        run.step("await")
        mine = ("--filter", f"label={PROJECT}={stack.project}")  # nobody else's on this engine
        assert "Deleted Containers" in docker.docker("container", "prune", "--force", *mine)
        run.go_on()
        done = run.end()
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


def test_who_lost_the_lock_to_another_run_stops_and_takes_nothing_back(stack: Stack) -> None:
    stack.set(EDITION="lost")
    before = claims.Before.of(stack)
    with brief_load(stack) as load:
        with update(stack, "app", pause="await") as run:
            run.step("await")
            docker.docker("rm", lock_name(stack.project, "app"))
            locked_from_elsewhere(stack, silent_for=0.0)
            run.go_on()
            lost = run.end()
        ended_with(lost, 4, "was taken over by deploy@elsewhere")
        lock(stack, "release")
        ended_with(stack.update("app"), 0)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)
