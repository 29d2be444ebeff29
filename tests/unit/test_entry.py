"""The command's entry."""

from __future__ import annotations

import subprocess
import sys


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
