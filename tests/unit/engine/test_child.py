"""A child process is waited for as long as was said, and never left behind."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose import reads
from composeroll.engine.compose.reads import DryRun, start_config
from composeroll.errors import EngineUnreachable


@pytest.fixture
def pid_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a `docker` that never ends writes who it is."""
    docker = tmp_path / "docker"
    tells = f"echo $$ >{tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid"
    docker.write_text(f"#!/bin/sh\n{tells}\nexec sleep 60\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "pid"


def began(pid_file: Path) -> int:
    """The process, once it runs."""
    deadline = time.monotonic() + 10
    while not pid_file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(pid_file.read_text())


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose gets a moment for an answer."""
    monkeypatch.setattr(reads, "READ_SECONDS", 0.2)


def test_what_goes_on_for_too_long_is_ended_and_told_by_its_command() -> None:
    with pytest.raises(EngineUnreachable, match=r"did not end within 0\.1 s") as given_up:
        Child(["sleep", "60"]).result(0.1)
    assert given_up.value.evidence == ("sleep 60",)


def test_what_ends_in_time_gives_its_answer() -> None:
    assert Child(["echo", "done"]).result(10).stdout == "done\n"


@pytest.mark.usefixtures("impatient")
def test_a_compose_that_hangs_over_its_files_is_given_up(pid_file: Path) -> None:
    with pytest.raises(EngineUnreachable, match="did not end"):
        start_config(ComposeFlags()).result()
    assert not pid_file.exists() or not runs(began(pid_file))


@pytest.mark.usefixtures("impatient", "pid_file")
def test_a_dry_run_that_hangs_is_given_up() -> None:
    with pytest.raises(EngineUnreachable, match="did not end"):
        DryRun(ComposeFlags()).verdicts({"app": 1})


def test_whoever_leaves_before_composes_answer_leaves_no_compose_behind(pid_file: Path) -> None:
    with contextlib.suppress(KeyboardInterrupt), start_config(ComposeFlags()):
        pid = began(pid_file)
        assert runs(pid)
        raise KeyboardInterrupt
    assert not runs(pid)


def test_a_profile_that_nobody_has_activated_spoils_no_other_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of its services may have one name, or an env_file that is not on this machine."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\ncase "$*" in *profile*) exit 1;; esac\necho "name: shop"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with start_config(ComposeFlags()) as reading:
        assert reading.result() == "name: shop\n"
