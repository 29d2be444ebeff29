"""One gateway container: read it, write it, reload it, and see what it does."""

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
from composeroll.nginx.processes.held import judge, read_look, script
from composeroll.nginx.processes.listening import listening, sockets_script
from composeroll.nginx.processes.sockets import any_to, count
from composeroll.nginx.processes.workers import Workers, read_workers
from composeroll.nginx.reload import await_replaced, not_taken, prepare_reload, send_reload
from composeroll.nginx.verdict import failed_test

TEST = ("-v", "-T")
"""Test; version on stderr, files on stdout. With `-T`, nginx goes on after `-v` (main, nginx.c)."""

LOG_LINES = 5

LAST_LINES = '[ -f "$2" ] && exec tail -n "$1" "$2"'
"""The end of a file. A log may be a link to the output of whoever opens it, a pipe: its end never
comes."""

TOOLS_OF_LOOK = "ls / && tr 0 1 < /proc/self/cmdline && cat /proc/self/cmdline"
"""Runs all that `held.sh` runs."""


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
        self._may_run: list[Mapping[str, str]] = []
        self._tests_for = 0.0

    @property
    def known(self) -> Configuration:
        """The configuration as it was last read, read now where it was not yet."""
        return self._known or self.configuration()

    def configuration(self) -> Configuration:
        """What nginx would be told now, by `nginx -T` as the container's own user.

        Raises:
            GatewayError: nginx does not run, cannot test its files, or rejects them as they are.
        """
        with self._named():
            return self._test(partial(self._execute, *self.command, *TEST))

    def install(self, texts: Texts) -> None:
        """Write includes and have them tested and read by nginx; nothing is reloaded.

        Args:
            texts: whole files by path; None takes a file away.

        Raises:
            GatewayError: nginx does not accept or does not read them; the previous ones are back,
                or `serving` says that they are not.
        """
        previous = {path: self.known.files.get(path) for path in texts}
        try:
            self._write(texts)
        except ComposerollError as failure:
            self._put_back(previous, failure)
            raise

    def restore(self, texts: Texts) -> None:
        """Put previous texts back, tested and read by nginx.

        Raises:
            GatewayError: they could not be put back.
        """
        self._write(texts)

    @contextmanager
    def reload_at_hand(self) -> Iterator[None]:
        """Let the command of the next `reload` wait in the container meanwhile, for a word."""
        prepared = self._prepared = prepare_reload(self._door, self.container.id, self.command)
        try:
            yield
        finally:
            self._prepared = None
            if prepared:
                prepared.close()

    def reload(self) -> None:
        """Make nginx use its files, and see that it does.

        Raises:
            GatewayError: it goes on with its old configuration.
        """
        earlier, self.before = self.before, self.workers().pids
        files = self.known.files
        self._may_run.append(files)
        try:
            prepared, self._prepared = self._prepared, None
            send_reload(self._door, self.container.id, self.command, prepared)
        except GatewayError:  # of an engine's lost answer nobody knows whether it was delivered
            self._goes_on(earlier)
            raise
        if not await_replaced(self.workers, self.before, self._clock, self._tests_for):
            self._goes_on(earlier)
            raise not_taken(self.container.name, self._last_log_lines())
        self._may_run = [files]

    def _goes_on(self, earlier: frozenset[int]) -> None:
        """Its workers of now serve on by what they know: nobody has to wait for their end."""
        self.before = earlier
        self._may_run.pop()

    @property
    def settled(self) -> bool:
        """Whether nothing that this run has reloaded differs from the files as they are now."""
        return all(files == self.known.files for files in self._may_run)

    @property
    def command(self) -> tuple[str, ...]:
        """The master's own argv; a container that is restarted has the same again."""
        return self._command or self.workers().command

    def workers(self) -> Workers:
        """What of nginx runs now."""
        with self._named():
            processes = self._door.processes(self.container.id)
        workers = read_workers(processes)
        self._command = workers.command
        return workers

    def quit(self) -> bool:
        """Tell the master to take nothing new and end what it has; whether it could be told."""
        return self._execute(*self.command, "-s", "quit").exit_code == 0

    def listening(self) -> frozenset[int] | None:
        """The ports that its own processes listen on; None where that cannot be seen."""
        return listening(self._execute("sh", "-c", sockets_script()).stdout)

    def old_workers(self) -> int:
        """How many workers live on from before a reload, of this run or an earlier one."""
        return len(self._old(self.workers()))

    def held(self, leaving: Collection[str]) -> Held:
        """What workers from before a reload still hold, with replicas at these bare addresses.

        The configuration of now is taken for theirs, as far as it says which connections come in
        pairs.
        """
        old = len(self._old(self.workers()))
        if not old:
            return Held()
        if blind := self.known.pairing.blind:
            return Held(old, unknown=blind)
        look = read_look(self._look())
        # one that does not shut down yet is not among those that were looked at
        if look is None or len(look.workers) != old:
            return Held(old, unknown="its sockets cannot be read")
        return judge(look, leaving, self.known.pairing)

    def connections_to(self, addresses: Iterable[str]) -> Mapping[str, int]:
        """Established connections by `host:port`; empty where they cannot be counted."""
        table = self._connections()
        return count(table, addresses) if "rem_address" in table else {}

    def connects_to(self, hosts: Iterable[str]) -> bool:
        """Whether a connection to one of these bare addresses is established."""
        return any_to(self._connections(), hosts)

    def traffic(self, upstream: str) -> Traffic:
        """What its access logs tell of an upstream's servers, from now on."""
        return open_traffic(self._door, self.container.id, visibility(self.known, upstream))

    def read(self, path: str) -> str | None:
        """A file as the gateway's own processes see it, None where there is none."""
        with suppress(EngineError):  # in a container that was stopped nothing can be run
            output = self._execute("cat", path)
            if output.exit_code == 0:
                return output.stdout
        content = self._door.read_file(self.container.id, path)
        return None if content is None else content.decode(errors="replace")

    def untouched(self, path: str) -> bool:
        """Whether a file is as it was when it was last read or written here."""
        return self.read(path) == self.known.files.get(path)

    def mount_table(self) -> str | None:
        """The kernel's list of its mounts; None where the image has no shell to ask with."""
        output = self._execute("sh", "-c", "cat /proc/self/mountinfo")
        return None if output.exit_code in NOT_RUN else output.stdout

    def shows_sockets(self) -> bool:
        """Whether its image has what a look at its workers' sockets needs."""
        return self._execute("sh", "-c", TOOLS_OF_LOOK).exit_code == 0

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What the engine refuses of this container, by the name that people know it by."""
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
        with self._named():
            write = partial(write_and_run, self._door, self.container.id, texts, command)
            seen = self._test(write)
        unseen = [path for path, text in texts.items() if seen.files.get(path, "") != (text or "")]
        if unseen:
            raise _unseen(unseen, seen)

    def _put_back(self, previous: Texts, failure: ComposerollError) -> None:
        try:
            self._write(previous)
        except Interrupted:
            raise  # whoever is ended by it has a way back of their own
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
        with suppress(EngineError):  # in a container that was stopped nothing can be run
            return self._execute("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout
        return ""

    def _look(self) -> str:
        """As the workers' own user: the kernel shows a process's files to no other.

        Root may not either, without a capability that engines do not give; but nginx lets its
        workers be looked at (`PR_SET_DUMPABLE` in ngx_process_cycle.c).
        """
        user = next((d.args[0] for d in self.known.setting("user") if d.args), "")
        with suppress(EngineError):  # such a user is perhaps unknown in the image
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
