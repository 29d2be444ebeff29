"""The one object the other rooms hold: everything that is asked of an engine, and nothing decided.

All methods raise `EngineError` when engine or compose refuses and `EngineUnreachable` when it is
gone. Containers are named by full ID; a name works too.
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
        project: the project's name, as `docker compose config` resolved it; handed to every later
            compose command.
        transport: how to reach the engine, None to find out as docker does.

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
        # a lock's sign of life must not wait until replicas have stopped
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
        """The project's containers in all states, by service and number."""
        return self._containers.replicas(self.project, services)

    def names(self) -> frozenset[str]:
        """The names of all containers on the engine."""
        return self._containers.names()

    def find(self, container: str) -> Replica | None:
        """Any container, None where there is none."""
        return self._containers.find(container)

    def start(self, containers: Iterable[str]) -> None:
        """Start them side by side; running ones are fine."""
        self._containers.start(containers)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop them side by side, each within its seconds (None: its own); gone ones are fine."""
        self._containers.stop(graces)

    def restart(self, containers: Iterable[str], grace: float) -> None:
        """Stop those that run, within `grace` seconds, and start all."""
        self._containers.restart(containers, grace)

    def signal(self, container: str, name: str) -> None:
        """Send it a signal; one that does not run is fine."""
        self._containers.signal(container, name)

    def stand_in(self, model: str, name: str, beside: str) -> str:
        """Create a copy of `model` without its ports, on the networks of `beside`."""
        return self._stand_ins.make(model, name, beside)

    def remove(self, containers: Iterable[str], *, volumes: bool = True) -> None:
        """Remove stopped ones, with their anonymous volumes; gone ones are fine."""
        self._containers.remove(containers, volumes=volumes)

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes; those that are gone or in use are fine."""
        self._containers.remove_volumes(names)

    def rename(self, container: str, name: str) -> None:
        """Give a container a name."""
        self._containers.rename(container, name)

    def forbid_restart(self, containers: Iterable[str]) -> None:
        """Set their restart policy to `no`; gone ones are fine."""
        self._containers.forbid_restart(containers)

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """A container's last lines."""
        return self._logs.last(container, lines)

    def stamped_log(
        self, container: str, stream: LogStream, lines: int, since: str = ""
    ) -> tuple[tuple[str, str], ...]:
        """The last lines of one of its outputs, each with the engine's time stamp."""
        return self._logs.stamped(container, stream, lines, since)

    # inside containers: see composeroll.engine.attached, .processes and .files

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run a command; exit code 124 where it outlives `timeout` seconds."""
        return self._commands.execute(container, argv, user=user, timeout=timeout)

    def begin(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start a command whose waiting can be called off."""
        return self._commands.begin(container, argv)

    def prepare(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start a command that waits in the container for its signal to begin."""
        return self._commands.prepare(container, argv)

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run what the compose file wants to be run in a container."""
        return self._commands.run_hook(container, hook, timeout)

    def dial(self, container: str, argv: Sequence[str]) -> AttachedCommand:
        """A command's stdin and stdout as a byte stream."""
        return self._commands.dial(container, argv)

    def processes(self, container: str) -> tuple[Process, ...]:
        """Its processes with the host's pids."""
        return processes.processes(self._api, container)

    def read_file(self, container: str, path: str) -> bytes | None:
        """A file's content, None where there is no file."""
        return self._files.read(container, path)

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """Put a file in place, keeping mode and owner."""
        self._files.write(container, path, content)

    # images: see composeroll.engine.images

    def image(self, reference: str) -> Image | None:
        """The image a reference or ID names here."""
        return self._images.find(reference)

    def image_id(self, reference: str) -> str | None:
        """Its ID alone."""
        image = self.image(reference)
        return image.id if image else None

    def tag(self, image: str, reference: str) -> None:
        """Let a reference name an image."""
        self._images.tag(image, reference)

    def untag(self, reference: str) -> None:
        """Take a reference away."""
        self._images.untag(reference)

    def registry_digest(self, reference: str) -> str:
        """The digest a reference has at its registry now."""
        return self._images.registry_digest(reference)

    # compose: see composeroll.engine.compose

    def verdicts(self, scales: Scales) -> dict[str, str]:
        """Compose's verdict on each container, by name: `Running`, `Recreate`, `Creating`."""
        return self._dry_run.verdicts(scales)

    def preflight(self, scales: Scales) -> tuple[str, ...]:
        """What `create` would do beyond making new containers; empty is safe."""
        return self._dry_run.preflight(scales)

    def pull(self, references: Mapping[str, str], on_progress: OnProgress) -> None:
        """Pull the services' images; `references` are what they are called, by service."""
        pull(self.flags, references, on_progress)

    def create(self, scales: Scales) -> None:
        """Create the containers that are missing for `scales`, without starting them."""
        self._changes.create(scales)

    def start_all(self, scales: Scales) -> None:
        """Have compose start what does not run, with the files and hooks of its start."""
        self._changes.start(scales)

    def recreate(self, service: str, scale: int, *, renew_volumes: bool = True) -> None:
        """Replace a service's containers in place."""
        self._changes.recreate(service, scale, renew_volumes=renew_volumes)

    # the engine itself: see composeroll.engine.events and .host

    def events(self, actions: Collection[str] = ()) -> EventStream:
        """The project's container events from now on; all, or the named actions."""
        return EventStream(self._api, self.project, actions)

    def memory_used_by(self, containers: Iterable[str]) -> Mapping[str, int]:
        """Bytes that running containers use, by full ID."""
        return memory.used_by(self._api, containers)

    def memory_left(self) -> int:
        """Bytes that its host can still give."""
        return memory.left_on_host(self._api, self.endpoint)

    def engine_version(self) -> str:
        """The engine's version, as it tells it itself."""
        return str(self._api.get("/version").json()["Version"])

    def is_local_network(self, network_id: str) -> bool:
        """Whether this machine can dial addresses on that network itself."""
        return is_local_network(self.endpoint, network_id, lambda: self._subnets(network_id))

    def _subnets(self, network_id: str) -> tuple[str, ...]:
        answer = self._api.get(f"/networks/{network_id}", fine={HTTPStatus.NOT_FOUND})
        return subnets_of(answer.json())


def transport_to(endpoint: Endpoint, flags: ComposeFlags) -> Transport:
    """A socket where the engine is here, docker's own way to it where it is not."""
    path = endpoint.socket_path
    return UnixSocket(path) if path else DialStdio(flags.docker_argv())
