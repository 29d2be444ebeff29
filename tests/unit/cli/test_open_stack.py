"""What a run takes over from the first reading of the compose files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from composeroll.cli.open_stack import open_stack
from composeroll.config.flags import ComposeFlags
from composeroll.config.layers import layer

ALWAYS = 'echo "name: shop"'
ONLY_WITHOUT_PROFILES = f'case "$*" in *profile*) exit 1;; esac\n{ALWAYS}'


@pytest.mark.parametrize(("docker", "profiles"), [(ALWAYS, ("*",)), (ONLY_WITHOUT_PROFILES, ())])
def test_compose_changes_what_it_has_read(
    docker: str, profiles: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It creates no container of a service that depends on one of a profile that is not active."""
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{docker}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with open_stack(ComposeFlags(), layer("the command line", None), lambda _: None) as stack:
        assert vars(stack.host)["flags"] == ComposeFlags(project_name="shop", profiles=profiles)
