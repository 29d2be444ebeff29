"""One run's way to the fake nginx containers: what it has read, written and reloaded of each.

`composeroll.nginx.gateways` drives these as it drives the real ones: what is taken back where one
of several gateways fails is decided by its own code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from composeroll.errors import ComposerollError, GatewayError, Interrupted
from composeroll.model import Held
from composeroll.nginx.access_log.traffic import Source, Traffic
from composeroll.nginx.install import Texts
from tests.sim.faults import Faults
from tests.sim.log import Log
from tests.sim.nginx import Gateway, Gateways, Worker, service_of


@dataclass(slots=True)
class Known:
    """A configuration as it was last read."""

    files: Mapping[str, str]


@dataclass(slots=True)
class GatewayDoor:
    """Answers to `composeroll.nginx.gateway.Gateway`."""

    container: Gateway
    nginx: Gateways
    faults: Faults
    known: Known = field(default_factory=lambda: Known({}))
    before: frozenset[Worker] = frozenset()
    touched: set[str] = field(default_factory=set)
    may_run: list[Mapping[str, str]] = field(default_factory=list)

    def _ask(self, what: str) -> None:
        """Nothing can be run in a container that does not run."""
        self.faults.ask(f"{what} {self.container.id}", GatewayError)
        self._insist_it_runs()

    def _insist_it_runs(self) -> None:
        if self.container.id not in self.nginx.all:
            raise GatewayError(f"{self.container.id} does not run")

    def configuration(self) -> Mapping[str, str]:
        """What `nginx -T` prints."""
        self._ask("look at nginx in")
        self.known = Known(dict(self.container.files))
        return self.known.files

    def install(self, texts: Texts) -> None:
        """Write and test; what was there comes back where that fails."""
        previous = {path: self.known.files.get(path) for path in texts}
        try:
            self.restore(texts)
        except ComposerollError:
            try:
                self.restore(previous)
            except Interrupted:
                raise
            except ComposerollError:
                pass
            raise

    def restore(self, texts: Texts) -> None:
        """Write and test."""
        with self.faults.change(f"write the include in {self.container.id}", GatewayError):
            self._insist_it_runs()
            self.faults.process.has_written = True
            self.touched |= {service_of(text) for text in texts.values() if text}
            for path, text in texts.items():
                if text is None:
                    self.container.files.pop(path, None)
                else:
                    self.container.files[path] = text
        if self.container.rejects:
            raise GatewayError("nginx: [emerg] made to reject")
        self.known = Known(dict(self.container.files))

    @contextmanager
    def prepared_reload(self) -> Iterator[None]:
        """A command that waits for a word changes nothing."""
        self._ask("have a reload wait in")
        yield

    def reload(self) -> None:
        """New workers, or an error."""
        self._ask("look at workers of")
        earlier, self.before = self.before, frozenset(self.container.workers)
        self.may_run.append(self.known.files)
        with self.faults.change(f"reload {self.container.id}", GatewayError):
            self._insist_it_runs()
            if not self.container.deaf:
                self.nginx.reload(self.container, self.touched)
                self.touched = set()
        self._ask("look for new workers of")
        if self.container.deaf:
            self.before = earlier
            self.may_run.pop()
            raise GatewayError("nginx did not take the reload")
        self.may_run = [self.known.files]

    @property
    def settled(self) -> bool:
        """As the real one knows it."""
        return all(files == self.known.files for files in self.may_run)

    def read(self, path: str) -> str | None:
        """A file as it stands there."""
        self.faults.ask(f"read an include in {self.container.id}", GatewayError)
        return self.container.files.get(path)

    def untouched(self, path: str) -> bool:
        """Whether it is as this run knows it."""
        return self.read(path) == self.known.files.get(path)

    def old_workers(self) -> int:
        """From before this run's last reload, or seen leaving. The engine tells of such looks."""
        self._ask("look at workers of")
        self.nginx.on_look(self.container.id)
        return len(self._old())

    def held(self, leaving: Collection[str]) -> Held:
        """What each of them holds: websockets at last, before that anything."""
        del leaving
        self._ask("look at connections of")
        old = self._old()
        own = frozenset(str(id(w)) for w in old if w.lasting)
        others = frozenset(str(id(w)) for w in old if w.elsewhere)
        return Held(len(old), own, others, waiting=len(old) - len(own) - len(others))

    def connections_to(self, addresses: Iterable[str]) -> Mapping[str, int]:
        """One for each old worker that knows the address."""
        self._ask("count connections of")
        old = self.container.workers[:-1]
        return {
            a: sum(a in servers for w in old for servers in w.servers.values()) for a in addresses
        }

    def _old(self) -> list[Worker]:
        """A run that ended has seen its reload taken, so that whoever looks next sees it too.

        Of an nginx that was told to quit it is all of them.
        """
        if self.container.quits:
            return list(self.container.workers)
        old = self.container.workers[:-1]
        return [w for w in self.container.workers if w in self.before or w in old]

    def traffic(self, upstream: str) -> Traffic:
        """What its log tells of an upstream's answers from now on; the upstream is the service."""
        self.faults.ask(f"look at the log of {self.container.id}", GatewayError)
        log = Log(self.container, upstream, self.nginx, self.faults)
        return Traffic(sources=(cast("Source", log),), before=log.before)
