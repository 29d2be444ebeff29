"""nginx's processes by their titles."""

from __future__ import annotations

import pytest

from composeroll.errors import GatewayError
from composeroll.model import Process
from composeroll.nginx.processes.workers import command_of, read_workers

MASTER = Process(10, 1, "nginx: master process nginx -g daemon off;")


@pytest.mark.parametrize(
    ("title", "argv"),
    [
        ("nginx", ("nginx",)),
        ("nginx -g daemon off;", ("nginx", "-g", "daemon off;")),
        (
            "/usr/sbin/nginx -c /opt/n.conf -p /opt/nginx/ -e stderr -q -g daemon off; pid /x;",
            ("/usr/sbin/nginx", "-c", "/opt/n.conf", "-p", "/opt/nginx/", "-e", "stderr", "-q",
             "-g", "daemon off; pid /x;"),
        ),
        ("nginx -g daemon off; -c /x", ("nginx", "-g", "daemon off;", "-c", "/x")),
        ("nginx -c/x -gdaemon off;", ("nginx", "-c/x", "-gdaemon off;")),
    ],
)  # fmt: skip
def test_the_masters_title_gives_back_its_flags(title: str, argv: tuple[str, ...]) -> None:
    assert command_of(f"nginx: master process {title}") == argv


def test_workers_are_the_masters_children_and_some_are_leaving() -> None:
    workers = read_workers(
        [
            Process(1, 0, "sh /entrypoint"),
            MASTER,
            Process(11, 10, "nginx: worker process is shutting down"),
            Process(12, 10, "nginx: worker process"),
            Process(13, 10, "nginx: cache manager process"),
            Process(14, 3, "nginx: worker process"),
        ]
    )
    assert [set(workers.pids), set(workers.leaving), set(workers.taking)] == [{11, 12}, {11}, {12}]


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        ({12: ""}, False),
        ({12: "", 13: ""}, False),
        ({12: " is shutting down"}, False),
        ({12: " is shutting down", 13: ""}, True),
        ({13: ""}, True),
        ({}, False),
    ],
)
def test_a_reload_has_taken_when_only_new_workers_take_requests(
    now: dict[int, str], *, replaced: bool
) -> None:
    processes = [Process(pid, 10, f"nginx: worker process{rest}") for pid, rest in now.items()]
    assert read_workers([MASTER, *processes]).replaced(frozenset({12})) is replaced


@pytest.mark.parametrize("processes", [[], [Process(1, 0, "sleep 1")], [MASTER, MASTER]])
def test_a_container_without_exactly_one_master_is_no_gateway(processes: list[Process]) -> None:
    with pytest.raises(GatewayError, match="in the gateway"):
        read_workers(processes)


def test_a_fork_that_still_bears_its_masters_title_is_a_worker_to_be() -> None:
    worker = Process(11, 10, "nginx: worker process")
    workers = read_workers([MASTER, worker, Process(12, 10, MASTER.args)])
    assert [set(workers.pids), set(workers.taking)] == [{11, 12}, {11}]
    assert not workers.replaced(frozenset({11}))


def test_a_master_that_another_one_started_is_a_second_nginx() -> None:
    """The binary upgrade: both masters have workers, and neither is ours to choose."""
    upgraded = [Process(20, 10, MASTER.args), Process(21, 20, "nginx: worker process")]
    with pytest.raises(GatewayError, match="two nginx"):
        read_workers([MASTER, Process(11, 10, "nginx: worker process"), *upgraded])
