"""A job of the staging example's `.gitlab-ci.yml`, run as GitLab's shell runner does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.bed.images import STAGING_FOLDER

PIPELINE = STAGING_FOLDER / ".gitlab-ci.yml"
LEFT_OUT = ("python3 -m venv .composeroll ", 'echo "$CI_REGISTRY_PASSWORD" | docker login ')
"""How the lines begin that install composeroll and log in to a registry."""

ENDS_WITHIN = 180.0


def run_job(
    name: str, directory: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a job's lines in one shell that ends at the first that fails.

    The lines of `LEFT_OUT` are: the tests' own environment stands in composeroll's place, and their
    registry knows no passwords.

    Args:
        name: the job's.
        directory: where the repository would be checked out.
        variables: CI variables and the rest of the environment; they beat the file's own.
    """
    pipeline: Any = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))
    lines = [*pipeline[name]["before_script"], *pipeline[name]["script"]]
    (directory / ".composeroll").symlink_to(sys.prefix)
    rest = [line for line in lines if not line.startswith(LEFT_OUT)]
    assert len(rest) == len(lines) - len(LEFT_OUT), f"{PIPELINE} lacks one of {LEFT_OUT}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(rest)],
        cwd=directory,
        env={**os.environ, **pipeline["variables"], **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN,
        check=False,
    )
