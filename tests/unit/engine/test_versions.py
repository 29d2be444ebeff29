"""What is said where docker cannot tell a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.versions import compose_version, engine_version
from composeroll.errors import EngineUnreachable

FLAGS = ComposeFlags(host="ssh://staging")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that prints what it was asked."""
    program = tmp_path / "docker"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


@pytest.mark.usefixtures("docker")
def test_docker_is_asked_about_the_engine_that_the_flags_choose() -> None:
    assert compose_version(FLAGS) == "-H ssh://staging compose version --short"
    assert engine_version(FLAGS) == "-H ssh://staging version --format {{.Server.Version}}"


def test_a_docker_that_may_not_be_run_is_unreachable(docker: Path) -> None:
    docker.write_text("#!/nowhere/sh\n")
    docker.chmod(0o644)
    with pytest.raises(EngineUnreachable, match="docker cannot be run"):
        engine_version(FLAGS)


@pytest.mark.parametrize(
    ("says", "helps"),
    [
        ("docker: 'compose' is not a docker command.", "Compose plugin"),
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock.", "docker info"),
        ("something else", "docker info"),
    ],
)
def test_a_version_that_docker_cannot_tell_is_answered_with_what_helps(
    docker: Path, says: str, helps: str
) -> None:
    docker.write_text(f'#!/bin/sh\necho "{says}" >&2\nexit 1\n')
    with pytest.raises(EngineUnreachable) as wrong:
        compose_version(FLAGS)
    assert wrong.value.what == says
    assert helps in (wrong.value.help or "")
