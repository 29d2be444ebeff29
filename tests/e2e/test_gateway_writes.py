"""Every place an include may lie in, on real nginx containers: written, or refused and put back."""

from __future__ import annotations

import re
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from composeroll.config.flags import ComposeFlags
from composeroll.engine.engine import Engine
from composeroll.errors import GatewayError
from composeroll.nginx.discovery.discovery import Subject, Wanted, discover
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.gateways import Gateways
from composeroll.nginx.include import render_include, with_servers
from tests.bed import images
from tests.e2e.harness.docker import docker, files

pytestmark = pytest.mark.e2e

INCLUDES = "/opt/nginx/include"
APP = f"{INCLUDES}/app.include"
DEFAULT = "upstream app { zone app 256k; server 127.0.0.1:8000; }\n"
COMMAND = ("nginx", "-c", "/opt/nginx/nginx.conf", "-g", "daemon off;")
START_SECONDS = 60.0
NO_PROGRAM = 127
"""How `docker exec` ends where the image has no such program."""

OWNER = 33


@dataclass
class Started:
    """A gateway container of one test."""

    engine: Engine
    name: str

    @property
    def gateway(self) -> Gateway:
        """A new look at it."""
        container = self.engine.find(self.name)
        assert container is not None
        return Gateway(self.engine, container)

    def run(self, kind: str, *options: str, suite: str = "forky", plain: bool = False) -> Gateway:
        """Start it and wait for nginx; `plain` leaves the entrypoint out, which would write."""
        image = images.E2E_GATEWAYS[kind, suite]
        images.up([image])
        entry = ("--entrypoint", COMMAND[0]) if plain else ()
        argv = ["docker", "run", "-d", "--name", self.name, "-e", "LOOKUP_WAIT=0", *options, *entry]
        subprocess.run([*argv, image.ref, *(COMMAND[1:] if plain else ())], check=True)
        deadline, pause = time.monotonic() + START_SECONDS, threading.Event()
        while not self._serves():
            assert time.monotonic() < deadline, self._logs()
            pause.wait(0.05)
        return self.gateway

    def remove(self) -> None:
        """Take it away, with its volumes."""
        subprocess.run(["docker", "rm", "-fv", self.name], check=False, capture_output=True)

    def _serves(self) -> bool:
        try:
            return bool(self.gateway.workers().taking)
        except GatewayError:
            return False

    def _logs(self) -> str:
        argv = ["docker", "logs", self.name]
        return subprocess.run(argv, check=False, capture_output=True, text=True).stderr


@pytest.fixture
def started() -> Iterator[Started]:
    with Engine(ComposeFlags(), "nginxroom") as engine:
        container = Started(engine, f"nginxroom-{uuid.uuid4().hex[:8]}")
        try:
            yield container
        finally:
            container.remove()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A host's directory with the include in it, for bind mounts."""
    folder = tmp_path / "include"
    folder.mkdir(mode=0o755)
    (folder / "app.include").write_text(DEFAULT)
    return folder


def rendered(gateway: Gateway, *addresses: str) -> str:
    wanted = Wanted(upstream="app", port=8000)
    found = discover(gateway.configuration(), Subject("staging", "app"), wanted)
    assert found is not None
    assert found.include == APP
    upstream = with_servers(found.upstream, [(address, "") for address in addresses])
    return render_include(upstream, "staging", "app")


def switches(gateway: Gateway) -> None:
    """The whole way there and, with a text that nginx rejects, back."""
    before = names(gateway)
    text = rendered(gateway, "127.0.0.1:8001", "127.0.0.1:8002")
    gateways = Gateways([gateway])
    gateways.switch({gateway.container.id: {APP: text}})
    assert gateway.configuration().files[APP] == text
    with pytest.raises(GatewayError) as rejected:
        gateways.switch({gateway.container.id: {APP: text.replace("server ", "sarver ")}})
    assert any("sarver" in line for line in rejected.value.evidence)
    assert rejected.value.serving is None
    assert gateways.read(gateway.container.id, APP) == text
    assert names(gateway) == before


def names(gateway: Gateway) -> set[str]:
    """The files beside the include, hidden ones too."""
    argv = ["docker", "exec", gateway.container.id, "ls", "-A", INCLUDES]
    listed = subprocess.run(argv, check=False, capture_output=True, text=True)
    if listed.returncode == NO_PROGRAM:  # the engine's own copy would not see into a tmpfs
        return set(files(gateway.container.id, INCLUDES))
    assert listed.returncode == 0, listed.stderr
    return set(listed.stdout.split())


@pytest.mark.parametrize(
    ("kind", "suite"),
    [
        ("plain", "trixie"),
        ("plain", "forky"),
        ("busybox", "forky"),
        ("no-shell", "forky"),
        ("non-root", "forky"),
        ("non-root-own", "forky"),
    ],
)
def test_an_include_in_the_image_is_switched_and_taken_back(
    started: Started, kind: str, suite: str
) -> None:
    switches(started.run(kind, suite=suite))


@pytest.mark.parametrize("kind", ["plain", "non-root", "busybox"])
def test_a_single_file_mount_is_written_in_place(started: Started, folder: Path, kind: str) -> None:
    file = folder / "app.include"
    gateway = started.run(kind, "-v", f"{file}:{APP}", plain=True)
    inode = file.stat().st_ino
    switches(gateway)
    assert file.stat().st_ino == inode


def test_a_mounted_directory_is_written_and_its_owner_stays(started: Started, folder: Path) -> None:
    gateway = started.run("plain", "-v", f"{folder}:{INCLUDES}", plain=True)
    docker("exec", "--user", "0", started.name, "chown", f"{OWNER}:{OWNER}", APP)
    switches(gateway)
    file = folder / "app.include"
    assert file.read_text().startswith("# composeroll: upstream of service app")
    assert (file.stat().st_uid, file.stat().st_gid) == (OWNER, OWNER)


def test_a_volume_is_written(started: Started) -> None:
    switches(started.run("plain", "-v", INCLUDES))


def test_a_read_only_container_with_a_tmpfs_is_written(started: Started) -> None:
    options = ["--read-only", "--tmpfs", "/run/nginx", "--tmpfs", "/var/lib/nginx"]
    switches(started.run("plain", *options, "--tmpfs", INCLUDES))


def test_a_tmpfs_in_a_writable_container_is_written(started: Started) -> None:
    switches(started.run("plain", "--tmpfs", INCLUDES))


@pytest.mark.parametrize("kind", ["plain", "no-shell"])
@pytest.mark.parametrize("single", [True, False])
def test_a_read_only_mount_is_refused_and_untouched(
    started: Started, folder: Path, kind: str, *, single: bool
) -> None:
    file = folder / "app.include"
    mount = f"{file}:{APP}:ro" if single else f"{folder}:{INCLUDES}:ro"
    gateway = started.run(kind, "-v", mount, plain=True)
    with pytest.raises(GatewayError, match="cannot be written"):
        gateway.install({APP: rendered(gateway, "127.0.0.1:8001")})
    assert file.read_text() == DEFAULT


def test_a_file_replaced_on_the_host_under_a_single_file_mount_is_still_written(
    started: Started, folder: Path
) -> None:
    file = folder / "app.include"
    gateway = started.run("plain", "-v", f"{file}:{APP}", plain=True)
    other = folder / "other"
    other.write_text("# replaced on the host\n")
    other.replace(file)
    switches(gateway)


@pytest.mark.parametrize("kind", ["plain", "busybox", "non-root-own"])
def test_a_master_whose_pid_file_is_gone_is_reloaded_all_the_same(
    started: Started, kind: str
) -> None:
    gateway = started.run(kind)
    text = "\n".join(gateway.configuration().files.values())
    (pid_file,) = re.findall(r"^pid (.+);$", text, re.MULTILINE)
    assert started.engine.execute(started.name, ["rm", pid_file], user="0").exit_code == 0
    old = gateway.workers().pids
    gateway.reload()
    assert not gateway.workers().taking & old


def test_a_taken_port_is_found_out_though_nginx_says_nothing(started: Started) -> None:
    gateway = started.run("plain")
    shown = gateway.configuration()
    site = "/opt/nginx/conf.d/taken.conf"
    texts = {gateway.container.id: {site: "server { listen 8099; return 200; }\n"}}
    kept = pytest.raises(GatewayError, match="kept its old configuration")
    with listening_beside(started.name), kept:
        Gateways([gateway]).switch(texts)
    assert gateway.configuration().files == shown.files


@contextmanager
def listening_beside(name: str) -> Iterator[None]:
    """Somebody else who listens on port 8099 in that container's network."""
    thief = "import socket, signal; s = socket.create_server(('', 8099)); print('up', flush=True);"
    image = images.APPS["plain"]
    images.up([image])
    where = ["--rm", "--name", f"{name}-thief", "--network", f"container:{name}"]
    argv = ["docker", "run", *where, "--entrypoint", "python3", image.ref, "-c"]
    with subprocess.Popen([*argv, f"{thief} signal.pause()"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            yield
        finally:
            subprocess.run(["docker", "rm", "-f", f"{name}-thief"], check=False)
