"""The sham engine says what went wrong in it, and nothing of a client that has left."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.unit.engine.sham import sham_engine


def ask_and_leave(directory: Path, path: str) -> None:
    """Return when the engine has closed the connection."""
    with sham_engine(directory) as sham:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(sham.server_address))
            client.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        assert sham.closed.acquire(timeout=5)


def test_a_client_that_hangs_up_first_is_not_worth_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_and_leave(tmp_path, "/slow?0.05")
    assert capsys.readouterr().err == ""


def test_an_error_of_its_own_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask_and_leave(tmp_path, "/slow?ever")
    assert "ValueError" in capsys.readouterr().err
