"""The one object that other rooms use: all calls to an engine, without any decisions.

All methods raise `EngineError` if engine or compose refuses, `EngineUnreachable` if the engine does
not answer. Containers are given by full ID; names work too.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Self

from composeroll.config.flags import ComposeFlags
from composeroll.engine import memory, processes
from composeroll.engine.api.connection import Api
from composeroll.engine.api.endpoint import Endpoint, config_directory, read_config, resolve
from composeroll.engine.api.host import is_local_network, subnets_of
from composeroll.engine.api.transport import DialStdio, Transport, UnixSocket
from composeroll.engine.attached import AttachedCommand, Commands, RunningCommand
from composeroll.engine.compose.changes import Changes
from composeroll.engine.compose.pull import OnProgress, pull
from composeroll.engine.compose.reads import DryRun
from composeroll.engine.compose.up import Scales
from composeroll.engine.containers import Containers
from composeroll.engine.events import EventStream
from composeroll.engine.files import Files
from composeroll.engine.images import Image, Images
from composeroll.engine.ledger import Ledger
from composeroll.engine.locks import Locks
from composeroll.engine.logs import Logs
from composeroll.engine.stand_in import StandIns
from composeroll.model import Hook, LogStream, Output, Process, Replica


class Engine:
    """One engine, seen by one compose project.

    Args:
        flags: compose's global flags as given.
        project: the project's name as `docker compose config` resolved it, which every later
            compose command gets.
        transport: how to reach the engine; None: as docker does.

    Raises:
        UsageError: the flags name no engine, or two.
    """

    def __init__(
        self, flags: ComposeFlags, project: str, transport: Transport | None = None
    ) -> None:
        self.flags = flags.named(project)
        self.project = project
        self.endpoint = resolve(flags, os.environ)
        transport = transport or transport_to(self.endpoint, flags)
        self._api = Api(transport)
        # separate, so that a lock's sign of life need not wait until replicas have stopped
        self._lock_api = Api(transport) if transport.limit else self._api
        self._containers = Containers(self._api)
        self._logs = Logs(self._api)
        self._commands = Commands(self._api)
        self._files = Files(self._api)
        self._images = Images(self._api, read_config(config_directory(os.environ)))
        self._stand_ins = StandIns(self._api)
        self._dry_run = DryRun(self.flags)
        self._changes = Changes(self.flags)
        self.locks = Locks(self._lock_api)
        self.ledger = Ledger(self._api, lambda: self.locks.held)

    def close(self) -> None:
        """End the idle connections."""
        self._api.close()
        self._lock_api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # containers: see composeroll.engine.containers and .logs

    def replicas(self, services: Collection[str] | None = None) -> tuple[Replica, ...]:
        """Return the project's containers in all states, by service and number."""
        return self._containers.replicas(self.project, services)

    def names(self) -> frozenset[str]:
        """Return the names of all containers on the engine."""
        return self._containers.names()

    def find(self, container: str) -> Replica | None:
        """Return any container, None if there is none."""
        return self._containers.find(container)

    def start(self, containers: Iterable[str]) -> None:
        """Start containers side by side; they may run already."""
        self._containers.start(containers)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop containers side by side, each with its grace period in seconds (None: its own)."""
        self._containers.stop(graces)

    def restart(self, containers: Iterable[str], grace: float) -> None:
        """Stop the running ones, with `grace` seconds each, and start all."""
        self._containers.restart(containers, grace)

    def signal(self, container: str, name: str) -> None:
        """Send it a signal, if it runs."""
        self._containers.signal(container, name)

    def stand_in(self, model: str, name: str, beside: str) -> str:
        """Create a copy of `model` without its ports, on the networks of `beside`."""
        return self._stand_ins.make(model, name, beside)

    def remove(self, containers: Iterable[str], *, volumes: bool = True) -> None:
        """Remove stopped containers, with `volumes` also their anonymous volumes."""
        self._containers.remove(containers, volumes=volumes)

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes, except those that are gone or still mounted."""
        self._containers.remove_volumes(names)

    def rename(self, container: str, name: str) -> None:
        """Rename a container."""
        self._containers.rename(container, name)

    def forbid_restart(self, containers: Iterable[str]) -> None:
        """Set their restart policy to `no`; they may be gone."""
        self._containers.forbid_restart(containers)

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that a container has logged."""
        return self._logs.last(container, lines)

    def stamped_log(
        self, container: str, stream: LogStream, lines: int, since: str = ""
    ) -> tuple[tuple[str, str], ...]:
        """Return the last lines of one of its outputs, each with the engine's time stamp."""
        return self._logs.stamped(container, stream, lines, since)

    # inside containers: see composeroll.engine.attached, .processes and .files

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run a command; its exit code is 124 if it takes longer than `timeout` seconds."""
        return self._commands.execute(container, argv, user=user, timeout=timeout)

    def begin(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start a command; waiting for it can be cancelled."""
        return self._commands.begin(container, argv)

    def prepare(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start a command that waits in the container for its signal to begin."""
        return self._commands.prepare(container, argv)

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run a hook of the compose file in a container."""
        return self._commands.run_hook(container, hook, timeout)

    def dial(self, container: str, argv: Sequence[str]) -> AttachedCommand:
        """Run a command with its stdin and stdout as a byte stream."""
        return self._commands.dial(container, argv)

    def processes(self, container: str) -> tuple[Process, ...]:
        """Return its processes, with the host's pids."""
        return processes.processes(self._api, container)

    def read_file(self, container: str, path: str) -> bytes | None:
        """Return a file's content, None if there is no file."""
        return self._files.read(container, path)

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """Replace a file, keeping its mode and owner."""
        self._files.write(container, path, content)

    # images: see composeroll.engine.images

    def image(self, reference: str) -> Image | None:
        """Return the image that a reference or an ID names on the engine, None if there is none."""
        return self._images.find(reference)

    def image_id(self, reference: str) -> str | None:
        """Return only its ID."""
        image = self.image(reference)
        return image.id if image else None

    def tag(self, image: str, reference: str) -> None:
        """Make a reference name an image."""
        self._images.tag(image, reference)

    def untag(self, reference: str) -> None:
        """Remove a reference."""
        self._images.untag(reference)

    def registry_digest(self, reference: str) -> str:
        """Return the digest that a reference has at its registry now."""
        return self._images.registry_digest(reference)

    # compose: see composeroll.engine.compose

    def verdicts(self, scales: Scales) -> dict[str, str]:
        """Return what `up` would do to each container: `Running`, `Recreate` or `Creating`."""
        return self._dry_run.verdicts(scales)

    def preflight(self, scales: Scales) -> tuple[str, ...]:
        """Return what `create` would do besides creating containers; empty is safe."""
        return self._dry_run.preflight(scales)

    def pull(self, references: Mapping[str, str], on_progress: OnProgress) -> None:
        """Pull the services' images, whose references are given by service."""
        pull(self.flags, references, on_progress)

    def create(self, scales: Scales) -> None:
        """Create the containers that are missing for `scales`, without starting them."""
        self._changes.create(scales)

    def start_all(self, scales: Scales) -> None:
        """Have compose start the containers that do not run, with their files and hooks."""
        self._changes.start(scales)

    def recreate(self, service: str, scale: int, *, renew_volumes: bool = True) -> None:
        """Have compose replace a service's containers in place."""
        self._changes.recreate(service, scale, renew_volumes=renew_volumes)

    # the engine itself: see composeroll.engine.events and .host

    def events(self, actions: Collection[str] = ()) -> EventStream:
        """Return the project's container events from now on, all or only some actions."""
        return EventStream(self._api, self.project, actions)

    def memory_used_by(self, containers: Iterable[str]) -> Mapping[str, int]:
        """Return the bytes that running containers use, by full ID."""
        return memory.used_by(self._api, containers)

    def memory_left(self) -> int:
        """Return the bytes that are left on its host."""
        return memory.left_on_host(self._api, self.endpoint)

    def engine_version(self) -> str:
        """Return the engine's version."""
        return str(self._api.get("/version").json()["Version"])

    def is_local_network(self, network_id: str) -> bool:
        """Return whether this machine can connect to addresses on that network."""
        return is_local_network(self.endpoint, network_id, lambda: self._subnets(network_id))

    def _subnets(self, network_id: str) -> tuple[str, ...]:
        answer = self._api.get(f"/networks/{network_id}", fine={HTTPStatus.NOT_FOUND})
        return subnets_of(answer.json())


def transport_to(endpoint: Endpoint, flags: ComposeFlags) -> Transport:
    """Return the transport: a socket for a local engine, docker's own for a remote one."""
    path = endpoint.socket_path
    return UnixSocket(path) if path else DialStdio(flags.docker_argv())
