"""What a killed dockerd leaves is told from a dockerd that runs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.bed import engine


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for /var/run."""
    monkeypatch.setattr(engine, "PIDS", {"dockerd": tmp_path / "docker.pid"})
    monkeypatch.setattr(engine, "SOCKET", tmp_path / "docker.sock")
    monkeypatch.setattr(engine, "CONTAINERD_SOCKET", tmp_path / "containerd.sock")
    return tmp_path


def test_a_pid_that_another_program_has_now_is_stale(left_behind: Path) -> None:
    pid = left_behind / "docker.pid"
    pid.write_text(f"{os.getpid()}\n", encoding="ascii")
    engine.clear_after_kill()
    assert not pid.exists()


def test_a_socket_that_nobody_listens_on_is_stale(left_behind: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(left_behind / "docker.sock"))
    engine.clear_after_kill()
    assert not (left_behind / "docker.sock").exists()


def test_a_socket_that_somebody_listens_on_stays(left_behind: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(left_behind / "containerd.sock"))
        server.listen()
        engine.clear_after_kill()
        assert (left_behind / "containerd.sock").exists()
