"""Which program stands for `docker compose`, in directories made for the test."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from composeroll.engine.compose.program import docker_for_compose

SHELL = Path("/bin/sh").resolve()


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """A PATH and a docker configuration of the test's own, both empty."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "config").mkdir()
    return {"PATH": str(tmp_path / "bin"), "DOCKER_CONFIG": str(tmp_path / "config")}


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def binary_docker(places: dict[str, str]) -> Path:
    docker = Path(places["PATH"]) / "docker"
    docker.symlink_to(SHELL)
    return docker


def test_the_users_own_plugin_is_run_as_docker_runs_it(places: dict[str, str]) -> None:
    docker = binary_docker(places)
    said = '#!/bin/sh\necho "$DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND" "$@"\n'
    program(Path(places["DOCKER_CONFIG"], "cli-plugins", "docker-compose"), said)
    argv = [*docker_for_compose(places), "--context", "far", "compose", "up"]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{docker} --context far compose up\n"


def test_a_directory_that_the_configuration_names_is_searched_before_the_users_own(
    places: dict[str, str], tmp_path: Path
) -> None:
    binary_docker(places)
    plugin = program(tmp_path / "extra" / "docker-compose", "")
    config = {"cliPluginsExtraDirs": [str(tmp_path / "extra")]}
    Path(places["DOCKER_CONFIG"], "config.json").write_text(json.dumps(config))
    assert docker_for_compose(places)[-1] == str(plugin)
    program(Path(places["DOCKER_CONFIG"], "cli-plugins", "docker-compose"), "")
    assert docker_for_compose(places)[-1] == str(plugin)


def test_a_script_in_dockers_place_is_respected(places: dict[str, str]) -> None:
    program(Path(places["PATH"]) / "docker", "#!/bin/sh\n")
    program(Path(places["DOCKER_CONFIG"], "cli-plugins", "docker-compose"), "")
    assert docker_for_compose(places) == ["docker"]


def test_without_docker_it_is_docker_that_is_missed(places: dict[str, str]) -> None:
    program(Path(places["DOCKER_CONFIG"], "cli-plugins", "docker-compose"), "")
    assert docker_for_compose(places) == ["docker"]


def test_without_a_plugin_docker_is_asked(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("composeroll.engine.compose.program.SYSTEM", ())
    binary_docker(places)
    assert docker_for_compose(places) == ["docker"]
