"""A Docker engine with Compose: the one that answers, or one from Debian's packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from . import apt, command, say, state
from .errors import BedError

SOCKET = Path("/var/run/docker.sock")
PIDS = {
    "dockerd": Path("/var/run/docker.pid"),
    "containerd": Path("/var/run/docker/containerd/containerd.pid"),
}
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
STARTS_WITHIN = 60.0
"""Seconds; 3 are usual on two cores, more after a SIGKILL with many containers."""

RARELY = "GOGC=400"
"""The engine looks for garbage four times as rarely. It takes more processor time than all else in
these tests: 15.5 s with Go's default and 12.8 s so, for the same sixteen updates."""

ADVICE = (
    "Please install Docker Engine and the Compose plugin (2.26 or newer) so that `docker info` and "
    "`docker compose version` answer for this user."
)


def up() -> None:
    """Return with an engine and Compose that answer.

    Raises:
        BedError: they do not, and this is not a machine where the bed may install them.
    """
    if answers() and compose_answers():
        return
    _insist_on_own_machine()
    if not answers() and shutil.which("dockerd") is None:
        _install()
    if not compose_answers():
        _install_compose()
    if not answers():
        _start()


def can_install() -> bool:
    """Whether there is no engine, and the bed may install one."""
    mine = os.geteuid() == 0 and apt.is_debian_like() and not os.environ.get("DOCKER_HOST")
    return mine and shutil.which("dockerd") is None and not answers()


def answers() -> bool:
    """Whether the engine of this environment answers."""
    return command.answers(["docker", "version", "--format", "{{.Server.Version}}"])


def compose_answers() -> bool:
    """Whether Compose is there as docker's plugin."""
    return command.answers(["docker", "compose", "version"])


def version() -> str:
    """Engine and Compose versions, for a status line."""
    engine = command.output(["docker", "version", "--format", "{{.Server.Version}}"]).strip()
    compose = command.output(["docker", "compose", "version", "--short"]).strip()
    return f"Engine {engine}, Compose {compose}"


def _insist_on_own_machine() -> None:
    if os.environ.get("DOCKER_HOST"):
        raise BedError(f"DOCKER_HOST is {os.environ['DOCKER_HOST']}, and no engine answers there.")
    if not apt.is_debian_like():
        raise BedError(f"There is no engine here. {ADVICE}")
    if os.geteuid() != 0:
        raise BedError(f"No engine answers here, and this user is not root. {ADVICE}")


def _install() -> None:
    with say.timed("no engine here: installing Engine and Compose from Debian's packages"):
        apt.update()
        apt.install(_packages())


def _packages() -> list[str]:
    if apt.release().get("ID") == "ubuntu":
        return ["docker.io", "docker-compose-v2", "docker-buildx", "iptables"]
    if apt.candidate("docker-compose").startswith("1."):
        return _newer("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")
    return ["docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables"]


def _newer(*packages: str) -> list[str]:
    """The same packages from the newer suite: Debian 12's own docker-compose is the dead v1."""
    apt.add_newer_suite()
    apt.update()
    return [f"{package}/{apt.NEWER}" for package in packages] + ["runc", "iptables"]


def _install_compose() -> None:
    with say.timed("no Compose here: installing it from Debian's packages"):
        apt.update()
        wanted = [package for package in _packages() if "compose" in package or "buildx" in package]
        apt.install(wanted)


def _start() -> None:
    with say.timed("starting the engine"):
        if Path("/run/systemd/system").is_dir():
            command.run(["systemctl", "start", "docker"], timeout=STARTS_WITHIN)
            return
        log = state.log("dockerd")
        if _one_is_on_its_way(log):
            return
        clear_after_kill()
        daemon = command.start(["env", RARELY, "dockerd"], log)
        state.await_state(
            "The engine",
            lambda: _has_started(daemon, log),
            STARTS_WITHIN,
            f"Its log is {log}",
        )


def _one_is_on_its_way(log: Path) -> bool:
    """Whether a dockerd that was there already comes to answer; one that is dying does not."""

    def is_decided() -> bool:
        return not _is_running("dockerd", PIDS["dockerd"]) or answers()

    state.await_state("The running dockerd", is_decided, STARTS_WITHIN, f"Its log may be {log}")
    return answers()


def _has_started(daemon: subprocess.Popen[bytes], log: Path) -> bool:
    if daemon.poll() is not None and not _listens(SOCKET):
        raise BedError(f"dockerd ended with {daemon.returncode}; its log is {log}")
    return _listens(SOCKET) and answers()


def clear_after_kill() -> None:
    """Take away what a killed dockerd or containerd left and a new one would stumble over."""
    for program, path in PIDS.items():
        if path.exists() and not _is_running(program, path):
            path.unlink()
    for path in (SOCKET, CONTAINERD_SOCKET):
        if path.exists() and not _listens(path):
            path.unlink()


def _is_running(program: str, pid_file: Path) -> bool:
    """Whether the pid in the file is still this program's: pids are used again."""
    try:
        pid = pid_file.read_text(encoding="ascii").strip()
        status = Path("/proc", pid, "status").read_text(encoding="utf-8")
    except OSError:
        return False
    return f"Name:\t{program}\n" in status and "State:\tZ" not in status


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
