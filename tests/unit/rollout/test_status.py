"""`status` tells what is known, and leaves to a rollout that is at work what it has under way."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec.structs import replace

from composeroll.config.project import read_project
from composeroll.errors import Refused
from composeroll.model import ContainerState, Health
from composeroll.report.status import ReplicaStatus
from composeroll.rollout.lock.note import Held
from composeroll.rollout.observing.observe import Survey
from composeroll.rollout.observing.observed import Places
from composeroll.rollout.stack import Stack
from composeroll.rollout.status import Lenient, notes_of, readiness, status_of
from tests.unit.rollout.makers import OLD, replica, state, wiring

REFUSAL = Refused("nginx rejects its configuration")


class Nginx:
    """A survey that finds the service behind nginx, unless nginx is broken."""

    def __init__(self, *, broken: bool) -> None:
        self._broken = broken

    def look(self, *_: object, preflight: bool) -> Places:
        """Where app is."""
        assert not preflight
        if self._broken:
            raise REFUSAL
        return Places({"app": wiring(1)})


class Engine:
    """One container of either service."""

    def replicas(self, *_: object) -> tuple[object, ...]:
        """Those."""
        return replica(1), replica(2, of="worker")

    def names(self) -> frozenset[str]:
        """Of nobody else."""
        return frozenset()

    def image_id(self, reference: str) -> str:
        """All is up to date."""
        del reference
        return OLD

    def verdicts(self, *_: object) -> Mapping[str, str]:
        """All is up to date."""
        return {}

    def preflight(self, *_: object) -> tuple[str, ...]:
        """Nothing stands in the way."""
        return ()

    def highest_detached(self, *_: object) -> int:
        """Nothing drains."""
        return 0

    def detached(self, *_: object) -> tuple[object, ...]:
        """Nothing drains."""
        return ()


def replicas_seen(survey: Survey) -> list[ReplicaStatus]:
    """What `status` tells of the replicas of app and worker."""
    shop = read_project({"name": "shop", "services": {"app": {}, "worker": {}}}, [])
    engine = Engine()
    world = SimpleNamespace(engine=engine)
    locks = SimpleNamespace(describe=lambda: ())
    stack = SimpleNamespace(project=shop, engine=engine, survey=survey, world=world, locks=locks)
    seen = status_of(cast("Stack", stack), ["app", "worker"])
    return [replica for service in seen.services for replica in service.replicas]


def test_a_worker_is_neither_in_an_upstream_nor_out_of_one() -> None:
    app, worker = replicas_seen(Nginx(broken=False))
    assert (app.upstream, worker.upstream) == (True, None)


def test_replicas_are_told_where_nginx_rejects_its_own_files_and_the_complaint_is_kept() -> None:
    survey = Lenient(Nginx(broken=True))
    app, worker = replicas_seen(survey)
    assert (app.name, app.state, app.upstream) == ("shop-app-1", "running", None)
    assert worker.upstream is None
    assert survey.refusal is REFUSAL


def test_a_sound_nginx_leaves_no_complaint() -> None:
    survey = Lenient(Nginx(broken=False))
    replicas_seen(survey)
    assert survey.refusal is None


DOUBLED = state([replica(number) for number in (1, 2, 3, 4)], wiring(1, 2))
AT_WORK = Held("app", "root@host (pid 7)", "12s", "composeroll update app")


def test_what_a_rollout_has_under_way_is_no_drift() -> None:
    assert notes_of(DOUBLED, {}, {"app": AT_WORK}) == (
        "a rollout runs, by root@host (pid 7), since 12s",
    )


def test_what_no_rollout_has_under_way_is_told_with_its_mend() -> None:
    notes = " ".join(notes_of(DOUBLED, {}, {"other": AT_WORK}))
    assert "`composeroll sync app` repairs it" in notes


def test_after_a_rollout_that_broke_off_every_note_names_the_command_that_finishes_it() -> None:
    broken = replace(AT_WORK, fate="it broke off")
    notes = notes_of(DOUBLED, {}, {"app": broken})
    assert len(notes) > 1
    assert all("`composeroll update app`" in note for note in notes)
    assert not any("sync" in note for note in notes)


@pytest.mark.parametrize(
    ("health", "runs", "ready"),
    [
        (Health.HEALTHY, ContainerState.RUNNING, True),
        (Health.STARTING, ContainerState.RUNNING, None),
        (Health.UNHEALTHY, ContainerState.RUNNING, False),
        (Health.NONE, ContainerState.RUNNING, None),
        (Health.HEALTHY, ContainerState.EXITED, False),
    ],
)
def test_readiness_is_what_the_replicas_own_healthcheck_says(
    health: Health, runs: ContainerState, *, ready: bool | None
) -> None:
    one = replace(replica(1, state=runs), health=health, exit_code=1)
    assert readiness(state([one]), one) is ready


def test_nobody_waits_for_a_container_that_only_holds_data() -> None:
    one = replica(1, state=ContainerState.EXITED)
    assert readiness(state([one], data_only=True), one) is None
