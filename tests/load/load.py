"""The load as a synchronous test or demo uses it: in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.load.channel import Channel
from tests.load.export import decode
from tests.load.measures import Mark
from tests.load.mix import Mix
from tests.load.recorder import clock
from tests.load.result import Result
from tests.load.run import HARD_LIMIT
from tests.load.snapshot import Snapshot
from tests.load.target import parse_target

_START_TIMEOUT = 15.0
_STOP_MARGIN = 10.0


class Load:
    """Clients at work from `with Load(url, mix) as load:` until the end of the block.

    `limit` is the seconds after which the load ends by itself (at most HARD_LIMIT): generous for
    the test at hand, since running into it raises LoadOverError. Every method raises LoadDiedError
    once the process is dead, and so does leaving the block. Raises NotLoopbackError, a ValueError,
    for any target off this machine.
    """

    def __init__(self, url: str, mix: Mix | None = None, *, limit: float = 300.0) -> None:
        parse_target(url)
        mix = mix or Mix()
        self._orders = {"url": url, "mix": mix.to_json(), "limit": min(limit, HARD_LIMIT)}
        # A request under way at the end may take all of its own time.
        self._patience = mix.connect_timeout + mix.timeout + _STOP_MARGIN
        self._marks: list[Mark] = []
        self._running: Channel | None = None
        self._result: Result | None = None

    def __enter__(self) -> Self:
        """Start the process; return once its clients are at work."""
        self._running = Channel(self._orders)
        try:
            self.until(lambda _: True, _START_TIMEOUT)
        except BaseException:
            self._running.end(0)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the load; raises LoadError where it did not last, unless the block itself failed."""
        if kind is None:
            self.result()
        else:
            self._channel.end(self._patience)

    @property
    def pid(self) -> int:
        """Return the load process's ID."""
        return self._channel.process.pid

    def mark(self, name: str) -> float:
        """Note that something happens now; return when (monotonic s)."""
        self._channel.check()
        self._marks.append(Mark(name, clock()))
        return self._marks[-1].at

    def snapshot(self) -> Snapshot:
        """Return the state as of at most 0.2 s ago."""
        return self.until(lambda _: True, _START_TIMEOUT)

    def until(self, reached: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
        """Wait for a snapshot for which `reached` holds; raises TimeoutError after `timeout` s."""
        return self._channel.wait(reached, timeout)

    def after_requests(self, more: int, timeout: float = 60.0) -> Snapshot:
        """Wait until `more` requests have ended from now on; raises TimeoutError."""
        now = clock()  # the snapshot at hand may be older than a mark that was just set
        goal = self.until(lambda snapshot: snapshot.at >= now, _START_TIMEOUT).total + more
        return self.until(lambda snapshot: snapshot.total >= goal, timeout)

    def after_seconds(self, more: float) -> Snapshot:
        """Let the load run `more` seconds, e.g. for a steady stretch to compare with."""
        goal = self.snapshot().seconds + more
        return self.until(lambda snapshot: snapshot.seconds >= goal, more + _START_TIMEOUT)

    def result(self) -> Result:
        """Stop the load if it still runs, and return all it saw; marks may no longer be set."""
        if self._result is None:
            self._result = decode(self._channel.finish(self._patience), self._marks)
        return self._result

    @property
    def _channel(self) -> Channel:
        if self._running is None:
            raise RuntimeError("the load has not been started: use `with Load(...)`")
        return self._running
