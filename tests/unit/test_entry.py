"""The command's entry."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from composeroll import __main__


def test_version_is_told_without_importing_the_command_line() -> None:
    argv = [sys.executable, "-X", "importtime", "-m", "composeroll", "--version"]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("composeroll, version ")
    assert "click" not in ran.stderr


def test_version_reads_the_same_where_click_answers() -> None:
    def said(*words: str) -> str:
        argv = [sys.executable, "-m", "composeroll", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    assert said("--version") == said("--project-name", "any", "--version")


def test_ctrl_c_while_the_command_line_is_imported_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Importing(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt(name)

    monkeypatch.setitem(sys.modules, "composeroll.cli.main", Importing("composeroll.cli.main"))
    monkeypatch.setattr(sys, "argv", ["composeroll", "status"])
    monkeypatch.setattr("gc.freeze", lambda: None)
    monkeypatch.setattr("gc.set_threshold", lambda _: None)
    assert __main__.main() == 130
