"""What the examples run unattended is what their README tells the user to set up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STAGING = Path(__file__).parents[3] / "examples" / "staging"
UNITS = sorted(STAGING.glob("systemd/*.service"))
SCHEDULED = [STAGING / "crontab", *UNITS]


@pytest.mark.parametrize("file", SCHEDULED, ids=lambda path: path.name)
def test_what_no_shell_starts_takes_the_variables_from_the_file_that_the_readme_names(
    file: Path,
) -> None:
    (command,) = re.findall(r"^[^#\n]*/composeroll .*$", file.read_text("utf-8"), re.MULTILINE)
    (named,) = re.findall(r"--env-file (\S+)", command)
    assert (STAGING / named).exists()
    assert f"--env-file {named}" in (STAGING / "README.md").read_text("utf-8")


@pytest.mark.parametrize("file", UNITS, ids=lambda path: path.name)
def test_a_stop_signals_composeroll_alone_and_not_the_compose_under_it(file: Path) -> None:
    assert "\nKillMode=mixed\n" in file.read_text("utf-8")
