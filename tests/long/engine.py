"""An engine of its own, in a network namespace of its own, that may be killed at will.

Only as root on Linux. Everything of it is below one directory; its images come from the engine that
is there. Who talks to its published ports has to be in its namespace: see `entered`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bed import images, registry, state
from tests.bed.command import answers, run

NAMESPACES = Path("/run/netns")
STARTS_WITHIN = 60.0
STOPS_WITHIN = 60.0
INSIDE = "COMPOSEROLL_LONG_NAMESPACE"
"""The environment variable that says that this process is in the namespace already."""

CARRIED = (
    registry.IMAGE,
    images.APPS["checked"].ref,
    images.E2E_STAGING["edge"].ref,
    *(images.E2E_GATEWAYS[kind, "forky"].ref for kind in ("plain", "replaced")),
)


@dataclass
class OwnEngine:
    """A dockerd and its containerd.

    Attributes:
        settings: its daemon.json.
    """

    directory: Path
    settings: dict[str, Any]
    daemon: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.directory / "dockerd.log"

    @property
    def host(self) -> str:
        """Its DOCKER_HOST."""
        return f"unix://{self.directory}/docker.sock"

    def start(self) -> None:
        """Start it, also after it was killed, and wait until it answers."""
        (self.directory / "daemon.json").write_text(json.dumps(self.settings), encoding="utf-8")
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(
                self._argv(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        state.await_state("the engine of its own", self.answers, STARTS_WITHIN, str(self.log))

    def answers(self) -> bool:
        """Whether it does."""
        return answers(["docker", "--host", self.host, "version"])

    def end(self, number: int) -> None:
        """Send dockerd a signal, and wait until it has ended."""
        assert self.daemon
        self.daemon.send_signal(number)
        self.daemon.wait(STOPS_WITHIN)

    def _argv(self) -> Sequence[str]:
        place = self.directory
        return (
            "dockerd",
            *("--config-file", f"{place}/daemon.json"),
            *("--data-root", f"{place}/data"),
            *("--exec-root", f"{place}/exec"),
            *("--pidfile", f"{place}/docker.pid"),
            *("--containerd-namespace", f"moby-{place.name}"),
            *("--containerd-plugins-namespace", f"plugins-{place.name}"),
            *("--host", self.host),
        )


@contextmanager
def own_engine(directory: Path, **settings: object) -> Iterator[OwnEngine]:
    """An engine with the images that the long runs need, and a registry; it ends with the block."""
    directory.mkdir()
    tar = directory / "images.tar"
    run(["docker", "save", "--output", str(tar), *CARRIED])
    engine = OwnEngine(directory, dict(settings))
    try:
        engine.start()
        try:
            with _meant(engine.host):
                run(["docker", "load", "--input", str(tar)])
                tar.unlink()
                registry.start()
                yield engine
        finally:
            _empty(engine)
    finally:
        _end(engine)


@contextmanager
def _meant(host: str) -> Iterator[None]:
    """Every docker command of the block is for this engine."""
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = host
    try:
        yield
    finally:
        del os.environ["DOCKER_HOST"]
        os.environ.update({"DOCKER_HOST": before} if before else {})


def _empty(engine: OwnEngine) -> None:
    """Remove its containers, whose shims would outlive it: it is started where it is down."""
    if not engine.answers():
        engine.start()
    listed = ["docker", "--host", engine.host, "ps", "--all", "--quiet"]
    if found := run(listed).split():
        run(["docker", "--host", engine.host, "rm", "--force", "--volumes", *found])


def _end(engine: OwnEngine) -> None:
    if engine.daemon and engine.daemon.poll() is None:
        engine.daemon.terminate()
        with suppress(subprocess.TimeoutExpired):
            engine.daemon.wait(STOPS_WITHIN)
        engine.daemon.kill()
        engine.daemon.wait()
    _unmount(engine.directory)


def _unmount(directory: Path) -> None:
    """What a killed dockerd leaves mounted."""
    rows = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    below = [row.split()[1] for row in rows if row.split()[1].startswith(f"{directory}/")]
    for place in reversed(below):
        run(["umount", place])


def is_inside() -> bool:
    """Whether this process is in the namespace already."""
    return INSIDE in os.environ


def entered(arguments: Sequence[str]) -> int:
    """Run the same command in a network namespace of its own; its exit code."""
    if os.geteuid():
        raise SystemExit("an engine of its own, in a network namespace of its own, needs root")
    name = f"rel-{uuid.uuid4().hex[:8]}"
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        # not `ip netns exec`, which hides the cgroups from the engine
        argv = ["nsenter", f"--net={NAMESPACES / name}", sys.executable, "-m", "tests.long"]
        return _ended([*argv, *arguments], {**os.environ, INSIDE: name})
    finally:
        run(["ip", "netns", "delete", name])


def _ended(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it to its end, also where a signal came: it takes its engine away first."""
    with subprocess.Popen(argv, env=environment) as inside:
        try:
            return inside.wait()
        except KeyboardInterrupt as interrupted:
            if interrupted.args:  # see `heed_signals`; Ctrl-C has reached it as well
                inside.terminate()
            inside.wait()
            raise
