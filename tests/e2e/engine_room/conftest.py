"""The project and the engines of all tests of the engine room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from composeroll.engine.api.transport import DialStdio
from composeroll.engine.engine import Engine
from tests.e2e.engine_projects import Project

DEFAULT_SOCKET = "unix:///var/run/docker.sock"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project with one service `app`, not yet created."""
    project = Project(tmp_path)
    project.service()
    yield project
    project.destroy()


@pytest.fixture(params=["socket", "dial-stdio"])
def engine(request: pytest.FixtureRequest, project: Project) -> Iterator[Engine]:
    """The engine through its socket, and the same one through docker's own transport."""
    flags = project.flags
    through = DialStdio(["docker", "--host", DEFAULT_SOCKET]) if request.param != "socket" else None
    with Engine(flags, project.name, through) as engine:
        yield engine


@pytest.fixture
def local(project: Project) -> Iterator[Engine]:
    """The engine through its socket."""
    with Engine(project.flags, project.name) as engine:
        yield engine
