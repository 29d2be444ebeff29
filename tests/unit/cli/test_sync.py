"""How `sync --watch` ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from composeroll.cli import run
from composeroll.cli.main import main
from composeroll.config.project import read_project
from composeroll.errors import ExitCode
from composeroll.rollout.sync import watch


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of one service, without an engine."""

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[Any]:
        yield SimpleNamespace(project=read_project({"name": "shop", "services": {"app": {}}}, []))

    monkeypatch.setattr(run, "open_stack", opened)


def test_a_watch_of_a_service_that_is_not_there_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It went on for ever, and told so once."""
    assert main(["sync", "--watch", "nosuch"]) == ExitCode.USAGE
    assert "no such service: nosuch" in "".join(capsys.readouterr())


def test_a_watch_that_is_told_to_end_does_not_call_all_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The signal may have taken back a mend; "up to date" stood below that."""

    def told_to_end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(watch, "sync_for_ever", told_to_end)
    assert main(["sync", "--watch", "app"]) == ExitCode.DONE
    said = "".join(capsys.readouterr())
    assert "watch ended" in said
    assert "up to date" not in said
