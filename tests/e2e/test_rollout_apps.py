"""Whatever the app is like, and whatever is asked for, its clients notice nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.rolling import DRAIN, WITH_WEBSOCKETS, is_tidy, roll, under_load
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with

pytestmark = pytest.mark.e2e

STOP_FIRST = ("--order", "stop-first", "--batch", "1")


def test_ingress_nginx_1088_an_app_that_finishes_its_requests_says_goodbye_to_its_websockets(
    start: Start,
) -> None:
    roll(start(recipe.app()), "app", mix=WITH_WEBSOCKETS, flags=DRAIN)


def test_docker_rollout_21_32_36_an_app_that_ends_at_once_on_sigterm_has_nothing_left_to_cut(
    start: Start,
) -> None:
    roll(start(recipe.app(stop="at-once")), "app")


def test_docker_orchestrate_55_an_app_without_a_healthcheck_is_proven_by_its_port(
    start: Start,
) -> None:
    done = roll(start(recipe.app(kind="plain")), "app")
    assert "port 8000 accepts" in done.stderr


def test_docker_rollout_38_a_first_rollout_from_the_boot_default_sends_nothing_to_unproven_replicas(
    start: Start,
) -> None:
    """Nginx goes by the service's name then, which new replicas bear as soon as they start."""
    stack = start(recipe.app())
    stack.push("2", BROKEN="answers-500")
    with under_load(stack) as load:
        done = stack.update("--ready-timeout", "4s", "app")
    assert done.code == 1, str(done)
    claims.nothing_was_lost(load.result())
    assert set(load.result().versions()) == {"1"}


def test_docker_orchestrate_64_66_three_rounds_in_a_row_from_one_replica_to_three(
    start: Start,
) -> None:
    stack = start(recipe.app(replicas=1))
    for replicas in (1, 2, 3):
        stack.set(REPLICAS=str(replicas))
        roll(stack, "app", old=str(replicas), new=str(replicas + 1), count=replicas)


def test_what_stops_first_in_batches_serves_on_through_the_others(
    start: Start,
) -> None:
    """Where there is no room for one replica more."""
    stack = start(recipe.app(replicas=3))
    roll(stack, "app", count=3)
    done = roll(stack, "app", old="2", new="3", flags=STOP_FIRST, count=3)
    assert "the others serve meanwhile" in str(done)
    assert "GAP" not in str(done)


def test_a_service_that_does_not_run_yet_is_started_proven_and_put_into_the_upstream(
    start: Start,
) -> None:
    stack = start(recipe.app(), without=("app",))
    before = claims.Before.of(stack)
    done = stack.update("app")
    assert done.code == 0, str(done)
    with under_load(stack) as load:
        claims.all_are_new(stack, "app", before.containers, 2)
        is_tidy(stack, ("app",), before)
    claims.nothing_was_lost(load.result())
    assert set(load.result().versions()) == {"1"}


def test_force_replaces_what_is_up_to_date_and_a_run_after_it_touches_nothing(
    start: Start,
) -> None:
    stack = start(recipe.app())
    roll(stack, "app", new="1", flags=("--force",))
    before = untouchable(stack)
    with under_load(stack) as load:
        done = stack.update("app")
    assert (done.code, untouchable(stack)) == (0, before), str(done)
    assert "up to date" in done.stderr
    claims.nothing_was_lost(load.result())


def test_what_compose_copies_in_at_a_start_and_runs_then_is_there_in_every_new_replica(
    start: Start, tmp_path: Path
) -> None:
    made, hooks = recipe.app("copied-in"), tmp_path / "hooks"
    hooks.mkdir()
    variables = {"HOOKS": str(hooks), "TOKEN": "s3cret"}
    stack = start(replace(made, variables={**made.variables, **variables}))
    before = claims.Before.of(stack)
    stack.set(EDITION="2")
    with under_load(stack) as load:
        stack.push("2")
        done = stack.update("app")
    assert done.code == 0, str(done)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)
    for replica in stack.containers("app"):
        files = ("/srv/mode.conf", "/tmp/started", "/run/secrets/token")  # noqa: S108 - in there
        said = docker.docker("exec", replica.id, "cat", *files)
        assert said == "mode=production" * 2 + "s3cret"
    assert (hooks / "stopped").read_text(encoding="utf-8") == "1\n1\n"


def untouchable(stack: Stack) -> tuple[object, ...]:
    """What a run with nothing to do leaves: containers, the include's time, nginx's processes."""
    (gateway,) = stack.gateways
    changed = docker.docker(
        "exec", gateway.id, "stat", "-c", "%i %y", "/opt/nginx/include/app.include"
    )
    processes = docker.docker("top", gateway.id, "-eo", "pid,args")
    return stack.containers(), changed, [row for row in processes.splitlines() if "nginx" in row]


def test_a_worker_that_nginx_knows_nothing_of_is_replaced_and_nginx_is_left_alone(
    start: Start,
) -> None:
    stack = start(recipe.app("worker"))
    before, nginx = claims.Before.of(stack), untouchable(stack)[1:]
    stack.push("2", "worker")
    with under_load(stack) as load:
        done = stack.update("worker")
    assert done.code == 0, str(done)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "worker", before.containers, 2)
    claims.names_count_from_one(stack, "worker")
    is_tidy(stack, ("worker",), before)
    assert untouchable(stack)[1:] == nginx


def test_what_waits_for_a_migration_is_updated_once_that_has_ended_well(start: Start) -> None:
    stack = start(recipe.app("migrated"))
    ended_with(stack.update("app"), 0)
    stack.set(EDITION="2", MIGRATION="3")
    before = stack.containers("app")
    with under_load(stack) as load:
        failed = stack.update("migrate", "app")
        untouched = stack.containers("app")
        stack.set(MIGRATION="0")
        done = stack.update("--all")
        again = stack.update("--all")
    ended_with(failed, 1, "exited with code 3", "what served before keeps serving")
    assert untouched == before
    ended_with(done, 0, "await migrate done")
    ended_with(again, 0, "up to date")
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before, 2)
