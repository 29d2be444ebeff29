"""`sync --watch` ends at once where it can never do anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from composeroll.cli import run
from composeroll.cli.main import main
from composeroll.config.project import read_project
from composeroll.errors import ExitCode


def test_a_watch_of_a_service_that_is_not_there_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It went on for ever, and told so once."""

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[Any]:
        yield SimpleNamespace(project=read_project({"name": "shop", "services": {"app": {}}}, []))

    monkeypatch.setattr(run, "open_stack", opened)
    assert main(["sync", "--watch", "nosuch"]) == ExitCode.USAGE
    assert "no such service: nosuch" in "".join(capsys.readouterr())
