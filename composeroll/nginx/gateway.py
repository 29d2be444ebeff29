"""One gateway container: its configuration, its reload, its workers and its connections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial

from composeroll.errors import ComposerollError, EngineError, GatewayError, Interrupted
from composeroll.model import Held, Output, Replica
from composeroll.nginx.access_log.traffic import Traffic, open_traffic
from composeroll.nginx.access_log.visibility import visibility
from composeroll.nginx.clock import Clock, MonotonicClock
from composeroll.nginx.configuration.configuration import Configuration, read_configuration
from composeroll.nginx.configuration.version import read_version
from composeroll.nginx.door import ContainerDoor, Prepared
from composeroll.nginx.install import NOT_RUN, Texts, write_and_run
from composeroll.nginx.processes.held import held_by_workers, parse_sockets, script
from composeroll.nginx.processes.listening import listening, sockets_script
from composeroll.nginx.processes.sockets import any_to, count
from composeroll.nginx.processes.workers import Workers, read_workers
from composeroll.nginx.reload import await_replaced, not_reloaded, prepare_reload, send_reload
from composeroll.nginx.verdict import failed_test

TEST = ("-v", "-T")
"""Test; version on stderr, files on stdout. Without `-T`, `-v` makes nginx exit (main, nginx.c)."""

LOG_LINES = 5

LAST_LINES = '[ -f "$2" ] && exec tail -n "$1" "$2"'
"""The end of a regular file. A log may also be a link to /dev/stderr, where reading never ends."""

SOCKET_READING_TOOLS = "ls / && tr 0 1 < /proc/self/cmdline && cat /proc/self/cmdline"
"""Succeeds if the image has every program that `held.sh` uses."""


class Gateway:
    """nginx in one container.

    Attributes:
        container: the container that nginx runs in.
        before: the workers from before the last reload, by the engine host's pids.
    """

    def __init__(self, door: ContainerDoor, container: Replica, clock: Clock | None = None) -> None:
        self.container = container
        self.before: frozenset[int] = frozenset()
        self._door = door
        self._clock = clock or MonotonicClock()
        self._known: Configuration | None = None
        self._command: tuple[str, ...] = ()
        self._prepared: Prepared | None = None
        self._possibly_loaded: list[Mapping[str, str]] = []
        self._tests_for = 0.0

    @property
    def known(self) -> Configuration:
        """The configuration as it was last read; read now if it has not been."""
        return self._known or self.configuration()

    def configuration(self) -> Configuration:
        """Return the configuration that a reload would load: `nginx -T`, as the container's user.

        Raises:
            GatewayError: nginx does not run, cannot test its files, or rejects them.
        """
        with self._naming_errors():
            return self._test(partial(self._execute, *self.command, *TEST))

    def install(self, texts: Texts) -> None:
        """Write includes, and have nginx test and read them; nginx is not reloaded.

        Args:
            texts: whole files by path; None removes a file.

        Raises:
            GatewayError: nginx does not accept or does not read them. The previous ones are
                restored, or `serving` says that they are not.
        """
        previous = {path: self.known.files.get(path) for path in texts}
        try:
            self._write(texts)
        except ComposerollError as failure:
            self._restore_after(previous, failure)
            raise

    def restore(self, texts: Texts) -> None:
        """Write previous texts again, and have nginx test and read them.

        Raises:
            GatewayError: they could not be restored.
        """
        self._write(texts)

    @contextmanager
    def prepared_reload(self) -> Iterator[None]:
        """Start the command of the next `reload`, which waits in the container for its signal."""
        prepared = self._prepared = prepare_reload(self._door, self.container.id, self.command)
        try:
            yield
        finally:
            self._prepared = None
            if prepared:
                prepared.close()

    def reload(self) -> None:
        """Make nginx load its files, and verify that it has.

        Raises:
            GatewayError: nginx keeps its old configuration.
        """
        earlier, self.before = self.before, self.workers().pids
        files = self.known.files
        self._possibly_loaded.append(files)
        try:
            prepared, self._prepared = self._prepared, None
            send_reload(self._door, self.container.id, self.command, prepared)
        except GatewayError:  # another error leaves it unknown whether nginx got the signal
            self._keeps_old(earlier)
            raise
        if not await_replaced(self.workers, self.before, self._clock, self._tests_for):
            self._keeps_old(earlier)
            raise not_reloaded(self.container.name, self._last_log_lines())
        self._possibly_loaded = [files]

    def _keeps_old(self, earlier: frozenset[int]) -> None:
        """Record that its workers keep serving with the old configuration, and need no drain."""
        self.before = earlier
        self._possibly_loaded.pop()

    @property
    def settled(self) -> bool:
        """Whether nginx certainly uses its current files, after the reloads of this run."""
        return all(files == self.known.files for files in self._possibly_loaded)

    @property
    def command(self) -> tuple[str, ...]:
        """The master's argv, which is the same after a restart of the container."""
        return self._command or self.workers().command

    def workers(self) -> Workers:
        """Return nginx's processes."""
        with self._naming_errors():
            processes = self._door.processes(self.container.id)
        workers = read_workers(processes)
        self._command = workers.command
        return workers

    def quit(self) -> bool:
        """Make nginx stop accepting and finish its requests; return whether it got the signal."""
        return self._execute(*self.command, "-s", "quit").exit_code == 0

    def listening(self) -> frozenset[int] | None:
        """Return the ports that its own processes listen on; None if that cannot be read."""
        return listening(self._execute("sh", "-c", sockets_script()).stdout)

    def old_workers(self) -> int:
        """Return how many workers from before a reload still run, of this run or an earlier one."""
        return len(self._old(self.workers()))

    def held(self, leaving: Collection[str]) -> Held:
        """Return what workers from before a reload still hold.

        Which connections come in pairs is judged by the current configuration.

        Args:
            leaving: addresses of the outgoing replicas, without ports.
        """
        old = len(self._old(self.workers()))
        if not old:
            return Held()
        if blind := self.known.pairing.blind:
            return Held(old, unknown=blind)
        look = parse_sockets(self._read_sockets())
        # A worker that is not shutting down yet is missing in the reading.
        if look is None or len(look.workers) != old:
            return Held(old, unknown="its sockets cannot be read")
        return held_by_workers(look, leaving, self.known.pairing)

    def connections_to(self, addresses: Iterable[str]) -> Mapping[str, int]:
        """Return the established connections by `host:port`; empty if they cannot be counted."""
        table = self._connections()
        return count(table, addresses) if "rem_address" in table else {}

    def connects_to(self, hosts: Iterable[str]) -> bool:
        """Return whether a connection to one of these addresses (without ports) is established."""
        return any_to(self._connections(), hosts)

    def traffic(self, upstream: str) -> Traffic:
        """Follow its access logs for the answers of an upstream's servers, from now on."""
        return open_traffic(self._door, self.container.id, visibility(self.known, upstream))

    def read(self, path: str) -> str | None:
        """Return a file as the gateway's processes see it, None if there is none."""
        with suppress(EngineError):  # no command can run in a stopped container
            output = self._execute("cat", path)
            if output.exit_code == 0:
                return output.stdout
        content = self._door.read_file(self.container.id, path)
        return None if content is None else content.decode(errors="replace")

    def untouched(self, path: str) -> bool:
        """Return whether a file is unchanged since it was last read or written here."""
        return self.read(path) == self.known.files.get(path)

    def real_path(self, path: str) -> str:
        """Return where the links of a path lead; the path itself if the image cannot tell."""
        output = self._execute("readlink", "-f", path)
        return path if output.exit_code else output.stdout.rstrip("\n")

    def mount_table(self) -> str | None:
        """Return the kernel's list of its mounts; None if the image has no shell to read it."""
        output = self._execute("sh", "-c", "cat /proc/self/mountinfo")
        return None if output.exit_code in NOT_RUN else output.stdout

    def shows_sockets(self) -> bool:
        """Return whether the image has the programs that reading its workers' sockets needs."""
        return self._execute("sh", "-c", SOCKET_READING_TOOLS).exit_code == 0

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        """Turn the engine's errors about this container into errors with its name."""
        name = self.container.name
        try:
            yield
        except EngineError as error:
            raise GatewayError(
                error.what.replace(self.container.id, name),
                help=f"`docker start {name}` if it does not run; then run the same command again",
                evidence=error.evidence,
            ) from error

    def _write(self, texts: Texts) -> None:
        command = (*self.command, *TEST)
        with self._naming_errors():
            write = partial(write_and_run, self._door, self.container.id, texts, command)
            seen = self._test(write)
        unseen = [path for path, text in texts.items() if seen.files.get(path, "") != (text or "")]
        if unseen:
            raise _unseen(unseen, seen)

    def _restore_after(self, previous: Texts, failure: ComposerollError) -> None:
        try:
            self._write(previous)
        except Interrupted:
            raise  # the rollout undoes its steps after a signal
        except ComposerollError as error:
            failure.serving = f"{error.what}, so the files in the gateway are not the previous ones"
            failure.evidence += error.evidence

    def _test(self, run: Callable[[], Output]) -> Configuration:
        began = self._clock.now()
        output = run()
        self._tests_for = self._clock.now() - began
        if output.exit_code != 0:
            raise failed_test(output, self.command)
        self._known = read_configuration(output.stdout, read_version(output.stderr))
        return self._known

    def _last_log_lines(self) -> tuple[str, ...]:
        logs = [d.args[0] for d in self.known.setting("error_log") if d.args]
        files = [log for log in logs if log.startswith("/") and not log.startswith("/dev/")]
        if not files:
            return ()
        output = self._execute("sh", "-c", LAST_LINES, "composeroll", str(LOG_LINES), files[0])
        return output.lines if output.exit_code == 0 else ()

    def _old(self, workers: Workers) -> frozenset[int]:
        return workers.pids & self.before | workers.leaving

    def _connections(self) -> str:
        with suppress(EngineError):  # no command can run in a stopped container
            return self._execute("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout
        return ""

    def _read_sockets(self) -> str:
        """Return the output of `held.sh`, run as the workers' user; empty if the engine refuses.

        The kernel shows a process's descriptors to its own user only; root needs a capability that
        engines do not grant. nginx makes its workers readable to their user (`PR_SET_DUMPABLE` in
        ngx_process_cycle.c).
        """
        user = next((d.args[0] for d in self.known.setting("user") if d.args), "")
        with suppress(EngineError):  # the image may not have this user
            argv = ("sh", "-c", script(), "composeroll")
            return self._door.execute(self.container.id, argv, user=user).stdout
        return ""

    def _execute(self, *argv: str) -> Output:
        return self._door.execute(self.container.id, argv)


def _unseen(paths: list[str], seen: Configuration) -> GatewayError:
    return GatewayError(
        f"nginx does not read what was written to {' and '.join(paths)}",
        help="the file must be covered by an include directive, and nginx must see the same file:"
        " no tmpfs over it, no bind mount of a file that was since replaced on the host",
        evidence=tuple(f"{i.place}: include {i.pattern};" for i in seen.includes),
    )
