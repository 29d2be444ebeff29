"""A real sshd on loopback, through which the engine is reached as on another host."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import images, state
from tests.bed.images import E2E_FOLDER, Image
from tests.e2e.harness.docker import docker

SSHD = Image("composeroll-e2e/sshd", E2E_FOLDER / "sshd")
SOCKET = "/var/run/docker.sock"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
ANSWERS_WITHIN = 60.0

WITH_A_KEY = """\
IdentityFile {key}
IdentitiesOnly yes
UserKnownHostsFile {directory}/known_hosts
StrictHostKeyChecking accept-new
LogLevel ERROR
"""

AS_IN_A_JOB = """\
UserKnownHostsFile {directory}/.ssh/known_hosts
StrictHostKeyChecking yes
IdentityFile none
"""
"""The key comes from an agent, and an unknown host is refused; `ssh` itself heeds no $HOME."""


@dataclass(frozen=True)
class Far:
    """Where the engine is, and what `ssh` needs to get there.

    Attributes:
        host: as `-H` takes it.
        environment: what makes `ssh` read its configuration from the directory.
        key: the private key that lets one in.
        known_hosts: the line that tells the host.
    """

    host: str
    environment: dict[str, str]
    key: Path
    known_hosts: str


@contextmanager
def far_engine(directory: Path, config: str = WITH_A_KEY) -> Iterator[Far]:
    """The engine of this machine, behind sshd; the user's own ssh files are left alone."""
    images.up([SSHD])
    key = _key(directory)
    name = f"e2e-sshd-{uuid.uuid4().hex[:8]}"
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    words = (
        "--env",
        f"KEY={public}",
        "--volume",
        f"{SOCKET}:{SOCKET}",
        "--publish",
        "127.0.0.1::22",
    )
    docker("run", "--detach", "--name", name, *words, SSHD.ref)
    try:
        port = int(docker("port", name, "22").rpartition(":")[2])
        state.await_state("sshd", lambda: _greets(port), ANSWERS_WITHIN)
        ssh = _ssh(directory, config.format(key=key, directory=directory))
        known = f"[127.0.0.1]:{port} {docker('exec', name, 'cat', HOST_KEY)}\n"
        environment = {"PATH": f"{ssh}:{os.environ['PATH']}"}
        yield Far(f"ssh://root@127.0.0.1:{port}", environment, key, known)
    finally:
        docker("rm", "--force", "--volumes", name)


def _key(directory: Path) -> Path:
    key = directory / "key"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(argv, check=True, capture_output=True)
    return key


def _ssh(directory: Path, text: str) -> Path:
    """A directory with an `ssh` that reads a configuration of ours: docker cannot name one."""
    config = directory / "ssh_config"
    config.write_text(text, encoding="utf-8")
    wrapper = directory / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nexec {shutil.which("ssh")} -F {config} "$@"\n', encoding="utf-8"
    )
    wrapper.chmod(0o755)
    return wrapper.parent


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
