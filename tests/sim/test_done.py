"""What ends by itself, and what others start with: code that is copied, a migration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from composeroll.errors import Refused, RolledBack
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids
from tests.sim.images import Behaviour
from tests.sim.runs import Run, Verb
from tests.sim.stacks import EXITING, code, ours
from tests.sim.world import Sim

SLOW = Behaviour(exits=True, lasts=20.0)
FAILING = Behaviour(exits=True, lasts=20.0, code=1)
FOR_EVER = Behaviour(exits=True, lasts=1e6)


def migrating(behaviour: Behaviour, *, of: Behaviour = EXITING, **settings: Any) -> Sim:  # noqa: ANN401 - as in YAML
    """A migration that the service behind nginx waits for; both are new."""
    done = {"migrate": {"condition": "service_completed_successfully"}}
    sim = Sim({"migrate": ours(**settings), "app": {"depends_on": done}})
    sim.run("migrate", 1, of)
    sim.run("app", 2)
    sim.wire("app")
    sim.images.push("migrate", "migrate-v2", behaviour)
    sim.images.push("app", "app-v2")
    return sim


def began(sim: Sim, service: str) -> float:
    """When the first of its containers was started."""
    return min(box.started for box in sim.engine.of(service))


def test_code_that_takes_a_while_is_there_before_anybody_mounts_it() -> None:
    sim = code()
    sim.images.push("applications", "applications-slow", SLOW)
    assert sim.update("applications", "php-fpm") == "updated", sim.failure
    finished(sim, "php-fpm", 2)
    assert began(sim, "php-fpm") >= began(sim, "applications") + 20


@pytest.mark.parametrize("behaviour", [FAILING, Behaviour(exits=True, code=1), FOR_EVER])
def test_code_that_is_not_copied_is_taken_back_and_a_mended_image_comes_through(
    behaviour: Behaviour,
) -> None:
    sim = code()
    before = ids(sim, "php-fpm")
    sim.images.push("applications", "applications-bad", behaviour)
    for _ in range(2):
        assert sim.update("applications", "php-fpm") == "RolledBack"
        assert ids(sim, "php-fpm") == before
        (source,) = sim.engine.of("applications")
        assert (source.image, source.exit_code) == ("sha256:applications-v1", 0)
    sim.images.push("applications", "applications-v3", EXITING)
    assert sim.update("applications", "php-fpm") == "updated", sim.failure
    finished(sim, "php-fpm", 2)
    assert sim.do(Run(("applications",), Verb.ROLLBACK)) == "updated", sim.failure


def test_one_that_does_not_end_in_time_says_which_time_that_is() -> None:
    sim = migrating(FOR_EVER, ready={"timeout": "2h"})
    before = ids(sim, "app")
    assert sim.update("migrate", "app") == "RolledBack"
    assert isinstance(sim.failure, RolledBack)
    assert "shop-migrate-1 has not ended after 2h" in sim.failure.what
    assert "services.migrate.x-composeroll.ready.timeout" in (sim.failure.help or "")
    assert ids(sim, "app") == before


@pytest.mark.parametrize("of", [EXITING, Behaviour(exits=True, code=1)])
def test_a_migration_has_ended_well_before_anything_starts_that_waits_for_it(
    of: Behaviour,
) -> None:
    """However the one before it has ended."""
    sim = migrating(SLOW, of=of)
    assert sim.update("migrate", "app") == "updated", sim.failure
    finished(sim, "app", 2)
    finished(sim, "migrate", 1)
    assert began(sim, "app") >= began(sim, "migrate") + 20


def test_all_runs_a_migration_again_with_what_waits_for_it_and_only_where_it_is_outdated() -> None:
    """A nightly update brought new code to a schema that was still the old one."""
    sim = migrating(SLOW)
    every = Run(("migrate", "app"), Verb.ALL)
    assert sim.do(every) == "updated", sim.failure
    finished(sim, "app", 2)
    finished(sim, "migrate", 1)
    assert began(sim, "app") >= began(sim, "migrate") + 20
    ran, served = ids(sim, "migrate"), ids(sim, "app")
    assert sim.do(every) == "up to date"
    sim.images.push("app", "app-v3")
    assert sim.do(every) == "updated", sim.failure
    assert ids(sim, "migrate") == ran
    assert ids(sim, "app") != served


def named() -> Sim:
    """The same with a name of its own, which compose gives to one container and no more."""
    sim = Sim(
        {
            "migrate": {"container_name": "the-migrate"},
            "app": {"depends_on": {"migrate": {"condition": "service_completed_successfully"}}},
        }
    )
    sim.run("migrate", 1, EXITING)
    sim.run("app", 2)
    sim.wire("app")
    sim.images.push("migrate", "migrate-v2", EXITING)
    sim.images.push("app", "app-v2")
    return sim


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.ALL])
@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.KILL, Kind.INTERRUPT])
def test_a_migration_with_a_name_of_its_own_stopped_anywhere_is_finished_by_running_again(
    verb: Verb, kind: Kind
) -> None:
    """It was refused, though an ended one does not have to run twice."""
    whole, run = named(), Run(("migrate", "app"), verb)
    assert whole.do(run) == "updated", whole.failure
    finished(whole, "migrate", 1)
    for number in range(1, len(whole.faults.trace) + 1):
        sim = named()
        sim.do(replace(run, faults=[Fault(number, kind)]))
        sim.let_leases_end()
        assert sim.do(run) in ("updated", "up to date"), (number, sim.failure)
        finished(sim, "app", 2)
        finished(sim, "migrate", 1)


def test_where_a_migration_of_all_fails_its_last_run_is_the_one_before() -> None:
    sim = migrating(FAILING)
    before = ids(sim, "app"), ids(sim, "migrate")
    assert sim.do(Run(("migrate", "app"), Verb.ALL)) == "RolledBack"
    assert (ids(sim, "app"), ids(sim, "migrate")) == before


def test_a_migration_that_takes_long_is_not_ended_amid_its_work() -> None:
    sim = migrating(Behaviour(exits=True, lasts=3000.0))
    assert sim.update("migrate", "app") == "updated", sim.failure
    finished(sim, "app", 2)


def test_a_migration_that_fails_ends_the_rollout_before_anything_starts() -> None:
    sim = migrating(FAILING)
    before = ids(sim, "app")
    assert sim.update("migrate", "app") == "RolledBack"
    assert "shop-migrate-1 exited with code 1" in str(sim.failure)
    assert ids(sim, "app") == before


def test_a_migration_that_a_killed_rollout_started_is_awaited_by_the_next_one() -> None:
    sim = migrating(Behaviour(exits=True, lasts=200.0), ready={"timeout": "5m"})
    whole = migrating(SLOW)
    whole.update("migrate", "app")
    wait = next(n for n, what in enumerate(whole.faults.trace, 1) if what == "wait for an event")
    assert sim.update("migrate", "app", fault=Fault(wait, Kind.KILL)) == "Killed"
    (migration,) = sim.engine.of("migrate")
    assert sim.update("migrate", "app") == "updated", sim.failure
    assert sim.engine.of("migrate") == [migration]
    assert began(sim, "app") >= migration.started + 200


def test_code_that_has_failed_where_it_is_stays_with_its_volumes_until_it_has_ended_well() -> None:
    """Somebody's `up -d`, or one that was cut off, has left it like that."""
    sim = code()
    (source,) = sim.engine.of("applications")
    source.exit_code = 1
    assert sim.update("applications", "php-fpm") == "Refused"
    assert "docker compose up -d --no-deps applications" in (
        cast("Refused", sim.failure).help or ""
    )
    sim.engine.start_now(source)
    assert sim.update("applications", "php-fpm") == "updated", sim.failure
    finished(sim, "php-fpm", 2)
