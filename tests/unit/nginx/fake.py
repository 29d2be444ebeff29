"""An nginx that keeps state, behind the door, with time of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from composeroll.errors import EngineError
from composeroll.model import LogStream, Output, Process
from composeroll.nginx.install import UNWRITABLE
from composeroll.nginx.processes import held
from tests.unit.nginx.made import MAIN, join_dump

QUIT_AFTER = 0.1
"""nginx tells its old workers to quit 100 ms after the new ones exist."""


class VirtualClock:
    """Time that passes only when it is waited for."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Seconds so far."""
        return self.time

    def wait(self, seconds: float) -> None:
        """Let time pass at once."""
        assert seconds > 0
        self.time += seconds


@dataclass
class Waiting:
    """A command that waits for a word; what it finds then is what it acts on."""

    run: Callable[[], Output]
    released: bool = False
    closed: bool = False

    def go(self) -> None:
        """Its word."""
        self.released = not self.closed

    def outcome(self, timeout: float) -> Output:
        """What it ends with; 1 where its shell has read the end of its stdin."""
        assert timeout > 0
        return self.run() if self.released else Output(1)

    def close(self) -> None:
        """The end of its stdin."""
        self.closed = True


@dataclass
class FakeNginx:
    """One gateway container: files, workers, and what may be wrong with it.

    Attributes:
        serving: what the running workers were told.
        busy: old workers have requests that never end.
        shadowed: nginx sees other files than those that are written.
        deaf: the master rejects every reload, silently.
        no_pid_file: `-s reload` does not find the master.
        sealed_by_reload: nobody may write after the first reload.
        output: what it has written to stdout, with the engine's stamps.
        sockets: what its old workers' own user sees of them, by that user's name.
        writable_by: users that may write.
        test: what `nginx -T` ends with, where that has nothing to do with the files.
        calls: how nginx spells the path of a file, where that is not how it is written.
    """

    clock: VirtualClock
    files: dict[str, str]
    has_shell: bool = True
    busy: bool = False
    shadowed: bool = False
    deaf: bool = False
    no_pid_file: bool = False
    sealed_by_reload: bool = False
    writable_by: tuple[str, ...] = ("", "0")
    sockets: dict[str, str] = field(default_factory=dict)
    workers: dict[int, float] = field(default_factory=lambda: {101: float("inf")})
    log: list[str] = field(default_factory=list)
    output: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    test: Output | None = None
    calls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.serving = dict(self.files)

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """What the real commands would do to this state."""
        assert container
        assert timeout > 0
        match list(argv):
            case ["sh", "-c", text, "composeroll"] if self.has_shell and text == held.script():
                return Output(0, self.sockets.get(user, ""))
            case ["sh", "-c", _, "composeroll", *words] if self.has_shell:
                return self._script(words, user)
            case ["nginx", *_, "-s", "reload"]:
                return self._reload()
            case ["nginx", *_, "-T"]:
                return self._test()
            case ["cat", path] if self.has_shell:
                return Output(0, self.files[path]) if path in self.files else Output(1)
            case _:
                return Output(127, "", f"{argv[0]}: executable file not found")

    def prepare(self, container: str, argv: Sequence[str]) -> Waiting:
        """A shell that becomes a command."""
        lost = partial(Output, 127, "", "sh: executable file not found")
        run = partial(self.execute, container, argv) if self.has_shell else lost
        self.waiting.append(Waiting(run))
        return self.waiting[-1]

    def processes(self, container: str) -> tuple[Process, ...]:
        """Master and workers; idle old ones go as soon as they are told."""
        assert container
        quitting = [pid for pid, released in self.workers.items() if self.clock.now() >= released]
        if not self.busy:
            self.workers = {
                p: released for p, released in self.workers.items() if p not in quitting
            }
        titles = {p: " is shutting down" if p in quitting else "" for p in self.workers}
        children = (Process(p, 100, f"nginx: worker process{t}") for p, t in titles.items())
        return (Process(100, 1, "nginx: master process nginx -g daemon off;"), *children)

    def read_file(self, container: str, path: str) -> bytes | None:
        """As the engine reads it."""
        assert container
        text = self.files.get(path)
        return None if text is None else text.encode()

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """As the engine writes it."""
        assert container
        if "0" not in self.writable_by:
            raise EngineError("mounted volume is marked read-only")
        self.files[path] = content.decode()

    def stamped_log(
        self, container: str, stream: LogStream, lines: int, since: str
    ) -> tuple[tuple[str, str], ...]:
        """As the engine tells it: `since` includes its own moment."""
        assert container
        assert stream is LogStream.STDOUT
        return tuple(line for line in self.output[-lines:] if line[0] >= since)

    def _script(self, words: list[str], user: str) -> Output:
        if not words:
            return self._hang_up()
        if user not in self.writable_by:
            return Output(UNWRITABLE, "", "not writable")
        split = words.index("--")
        for at in range(0, split, 3):
            path, verb, text = words[at : at + 3]
            self.log.append(f"{verb} {path}")
            if verb == "drop":
                self.files.pop(path, None)
            elif not self.shadowed:
                self.files[path] = text
        command = words[split + 1 :]
        return self.execute("itself", command) if command else Output(0)

    def _test(self) -> Output:
        if self.test:
            return self.test
        bad = [path for path, text in self.files.items() if "nonsense" in text]
        if bad:
            return Output(1, "", f"nginx version: nginx/1.30.6\nnginx: [emerg] bad {bad[0]}")
        seen = {p: t for p, t in self.files.items() if p == MAIN or p.startswith("/etc/nginx/up")}
        seen = {self.calls.get(path, path): text for path, text in seen.items()}
        return Output(0, join_dump(seen), "nginx version: nginx/1.30.6\n")

    def _reload(self) -> Output:
        if self.no_pid_file:
            return Output(1, "", "nginx: [error] invalid PID number")
        return self._hang_up()

    def _hang_up(self) -> Output:
        self.log.append("reload")
        if self.sealed_by_reload:
            self.writable_by = ()
        if not self.deaf:
            quit_at = self.clock.now() + QUIT_AFTER
            self.workers = {pid: min(released, quit_at) for pid, released in self.workers.items()}
            self.workers[max(self.workers) + 1] = float("inf")
            self.serving = dict(self.files)
        return Output(0)
