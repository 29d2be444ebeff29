"""A job of the staging example's `.gitlab-ci.yml`, run line by line as GitLab's shell runner does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.bed.images import STAGING_FOLDER

PIPELINE = STAGING_FOLDER / ".gitlab-ci.yml"
ENDS_WITHIN = 180.0


def run_job(
    name: str, directory: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a job's lines in one shell that ends at the first that fails.

    Args:
        name: the job's.
        directory: where the repository would be checked out.
        variables: CI variables and the rest of the environment; they beat the file's own.
    """
    pipeline: Any = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))
    lines = [*pipeline[name]["before_script"], *pipeline[name]["script"]]
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=directory,
        env={**os.environ, **pipeline["variables"], **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN,
        check=False,
    )
