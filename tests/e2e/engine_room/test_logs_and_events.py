"""What containers on a real engine have said, and what happens to them."""

from __future__ import annotations

import pytest

from composeroll.engine.engine import Engine
from composeroll.model import LogStream
from tests.bed import state
from tests.e2e.engine_projects import BASE, Project, docker, running
from tests.e2e.harness.docker import PROJECT as PROJECT_LABEL

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("tty", [False, True])
def test_the_last_log_lines_come_out_plain(project: Project, local: Engine, *, tty: bool) -> None:
    project.service(command=["sh", "-c", "echo a; echo b; echo c >&2"], tty=tty)
    with local.events(["die"]) as events:
        (one,) = running(local)
        assert events.next(30)
    assert sorted(line.strip() for line in local.logs(one, 9)) == ["a", "b", "c"]
    assert len(local.logs(one, 2)) == 2


@pytest.mark.parametrize("tty", [False, True])
def test_the_log_is_read_on_by_the_engines_own_stamps(
    project: Project, local: Engine, *, tty: bool
) -> None:
    project.service(command=["sh", "-c", "echo a; echo b; echo c >&2; sleep 600"], tty=tty)
    (one,) = running(local)
    state.await_state("three lines", lambda: len(local.logs(one, 9)) == 3, 60.0)
    first = local.stamped_log(one, LogStream.STDOUT, 9)
    assert [line for _, line in first if line != "c"] == ["a", "b"]
    assert sorted(first) == list(first)
    assert local.stamped_log(one, LogStream.STDOUT, 9, first[1][0]) == first[1:]
    assert len(local.stamped_log(one, LogStream.STDOUT, 1)) <= 1
    assert local.stamped_log(one, LogStream.STDERR, 9)[-1][1] == "c"


def test_events_are_the_projects_own_and_only_those_asked_for(engine: Engine) -> None:
    with engine.events(["start", "die"]) as events:
        docker("run", "--rm", "--label", f"{PROJECT_LABEL}={engine.project}x", BASE, "true")
        (one,) = running(engine)  # and a creation, and a signal, which nobody asked for
        engine.stop({one: 5})
        seen = [events.next(30), events.next(30)]
        assert events.next(0.2) is None
    assert [(e.action, e.id, e.service) for e in seen if e] == [
        ("start", one, "app"),
        ("die", one, "app"),
    ]
