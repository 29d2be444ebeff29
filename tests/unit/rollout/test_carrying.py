"""Who is taken for a carrier of code loses its volumes at an update: a server never may be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Mount, Replica
from composeroll.rollout.observing.carrying import anonymous_volumes, is_idle, only_carries
from tests.unit.rollout.makers import replica, service

EXITED, CREATED = ContainerState.EXITED, ContainerState.CREATED
ANONYMOUS = Mount("/data", "volume", writable=True, volume="a" * 64)


def mounting(number: int, *mounts: Mount, of: str = "app") -> Replica:
    return replace(replica(number, of=of), mounts=mounts)


@pytest.mark.parametrize(
    "command",
    [
        "sleep infinity",
        "/bin/sleep 1d",
        "tail -f /dev/null",
        "/pause",
        "tini -s -- sleep infinity",
        ("sh", "-c", "while true; do sleep 3600; done"),
        ("/bin/bash", "-c", "trap 'exit' TERM; sleep infinity & wait"),
    ],
)
def test_what_only_waits_is_idle(command: str | tuple[str, ...]) -> None:
    assert is_idle(command.split() if isinstance(command, str) else command)


@pytest.mark.parametrize(
    "command",
    [
        "redis-server --dir /data",
        "tini -- redis-server",
        "docker-entrypoint.sh sleep infinity",
        ("sh", "-c", "redis-server & tail -f /dev/null"),
        ("sh", "/start.sh"),
        "tini",
        (),
    ],
)
def test_what_may_be_a_server_is_not_idle(command: str | tuple[str, ...]) -> None:
    assert not is_idle(command.split() if isinstance(command, str) else command)


def test_what_ended_well_or_never_ran_only_carries() -> None:
    ended, created = replica(1, state=EXITED), replica(2, state=CREATED)
    assert only_carries([ended, created, replace(replica(3), command=("sleep", "infinity"))])


@pytest.mark.parametrize(
    "at_work",
    [
        replace(replica(1), command=("postgres",)),
        replace(replica(1, state=EXITED), command=("postgres",), exit_code=143),
        replace(replica(1, state=EXITED), command=("postgres",), restart_policy="always"),
        replace(
            replica(1, state=EXITED),
            command=("postgres",),
            started_at="2026-11-22T10:00:00Z",
            ended_at="2026-11-22T10:30:00Z",
        ),
    ],
)
def test_a_server_works_even_where_it_was_stopped(at_work: Replica) -> None:
    assert not only_carries([at_work])


def test_named_volumes_and_those_taken_over_from_others_are_not_its_own() -> None:
    code, named = mounting(9, ANONYMOUS, of="code"), replace(ANONYMOUS, volume="shop_data")
    fpm = service("fpm", volumes_from=["code"])
    assert not anonymous_volumes(fpm, [mounting(1, ANONYMOUS, of="fpm")], [code])
    assert not anonymous_volumes(service(), [mounting(1, named)], [])
    assert anonymous_volumes(service(), [mounting(1, ANONYMOUS)], []) == ("/data",)
