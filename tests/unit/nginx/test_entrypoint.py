"""The gateway's entrypoint under the shells that images have, in a tree of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.nginx.test_image import IMAGE
from tests.unit.nginx.test_install_script import SHELLS

USAGE = 64


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def entrypoint(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command that runs it, in front of what it is to become; nginx resolves names itself."""
    (tmp_path / "include").mkdir()
    (tmp_path / "abilities").mkdir()
    (tmp_path / "abilities" / "resolve").touch()
    script = (IMAGE / "gateway-entrypoint.sh").read_text(encoding="utf-8")
    (tmp_path / "entrypoint").write_text(script.replace("=/opt/nginx\n", f"={tmp_path}\n"))
    return [*request.param, str(tmp_path / "entrypoint")]


def start(entrypoint: list[str], **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **settings}
    command = [*entrypoint, "echo", "nginx starts"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_each_upstream_gets_the_include_that_it_names(
    entrypoint: list[str], tmp_path: Path
) -> None:
    upstreams = "backend=php-fpm:9000@upstream.include\n  app=app:8000"
    assert start(entrypoint, UPSTREAMS=upstreams).stdout == "nginx starts\n"
    written = {file.name: file.read_text() for file in (tmp_path / "include").iterdir()}
    assert "upstream backend {" in written.pop("upstream.include")
    assert "server app:8000 resolve;" in written.pop("app.include")
    assert not written


@pytest.mark.parametrize(
    "entry",
    ["app:8000", "=app:8000", "app=", "app=app", "app=app:", "app=:8000", "a=b@c:80", "a=b:80@"],
)
def test_an_upstream_that_is_not_whole_is_refused_in_its_own_words(
    entrypoint: list[str], tmp_path: Path, entry: str
) -> None:
    refused = start(entrypoint, UPSTREAMS=f"x=y:1 {entry}")
    assert refused.returncode == USAGE
    assert refused.stderr == f"gateway: in UPSTREAMS, {entry} is not NAME=HOST:PORT[@FILE]\n"
    assert not any((tmp_path / "include").iterdir())


@pytest.mark.parametrize("wait", ["2s", "-1", "0.5", "soon", " 3"])
def test_a_wait_that_is_no_number_of_seconds_keeps_no_front_door_shut(
    entrypoint: list[str], wait: str
) -> None:
    started = start(entrypoint, UPSTREAMS="app=app:8000", LOOKUP_WAIT=wait)
    assert (started.returncode, started.stdout) == (0, "nginx starts\n")
    assert started.stderr == (
        f"gateway: LOOKUP_WAIT is {wait}, which is no whole number of seconds; it is taken for 3\n"
    )


@pytest.mark.parametrize("wait", ["", "0", "10"])
def test_a_wait_in_seconds_or_none_is_taken(entrypoint: list[str], wait: str) -> None:
    started = start(entrypoint, LOOKUP_WAIT=wait)
    assert (started.stdout, started.stderr) == ("nginx starts\n", "")


@pytest.mark.parametrize(("wait", "seconds"), [("0", 0), ("2", 2), ("", 3), ("0.5", 3)])
def test_an_nginx_that_cannot_ask_itself_waits_for_so_many_seconds(
    entrypoint: list[str], tmp_path: Path, wait: str, seconds: int
) -> None:
    (tmp_path / "abilities" / "resolve").unlink()
    slept, programs = tmp_path / "slept", tmp_path / "bin"
    slept.touch()
    programs.mkdir()
    for name, does in {"getent": "exit 2", "sleep": f"echo second >> {slept}"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:/usr/bin:/bin"
    started = start(entrypoint, PATH=path, UPSTREAMS="app=app:8000", LOOKUP_WAIT=wait)
    assert started.stdout == "nginx starts\n"
    assert len(slept.read_text().splitlines()) == seconds
