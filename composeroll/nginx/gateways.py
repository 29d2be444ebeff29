"""All gateway containers of a rollout: all of them are switched, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack

from msgspec import Struct, field

from composeroll.errors import ComposerollError, Interrupted
from composeroll.model import Held, Replica
from composeroll.nginx.access_log.traffic import Traffic, all_of
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.install import Texts

PreviousTexts = Callable[[], Mapping[str, Texts]]
"""Returns the texts (by path, by container) for gateways that were switched when another failed."""


class _Change(Struct):
    """The progress of one gateway: the texts before it was written, and whether it was reloaded."""

    gateway: Gateway
    texts: Texts
    previous: Texts = field(default_factory=dict)
    reloaded: bool = False

    def write(self) -> None:
        known = self.gateway.known.files
        self.previous = {path: known.get(path) for path in self.texts}
        self.gateway.install(self.texts)

    def reload(self) -> None:
        self.gateway.reload()
        self.reloaded = True

    def take_back(self, back: PreviousTexts) -> None:
        """Restore the previous file if nginx has not loaded the new one; else load those of `back`.

        nginx must never load the previous file: it may name replicas that no longer exist, if an
        earlier run was killed between writing and reloading.
        """
        if not self.reloaded:
            self.gateway.restore(self.previous)
        elif texts := back().get(self.gateway.container.id):
            self.gateway.restore(texts)
            self.gateway.reload()


class Gateways:
    """Several gateway containers, by full ID."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        self._gateways = {gateway.container.id: gateway for gateway in gateways}

    def switch(self, texts: Mapping[str, Texts], back: PreviousTexts = dict) -> None:
        """Install include texts, by path, by container; then reload all of them.

        Args:
            texts: whole files by path, by container ID.
            back: called if one gateway fails, for the texts of those that were switched by then; a
                gateway that it leaves out keeps the new ones.

        Raises:
            GatewayError: one gateway failed; all others were undone by `back`, or `serving` says
                which was not.
        """
        changes = [_Change(self._gateways[id_], some) for id_, some in texts.items()]
        done: list[_Change] = []
        try:
            with ExitStack() as at_hand:
                for change in changes:
                    at_hand.enter_context(change.gateway.prepared_reload())
                for change in changes:
                    change.write()
                    done.append(change)
                for change in changes:
                    change.reload()
        except ComposerollError as failure:
            _undo_all(done, failure, back)
            raise

    def restore(self, texts: Mapping[str, Texts]) -> None:
        """Restore previous texts and reload, in every gateway in which that succeeds.

        A gateway that fails does not keep the others from being restored.

        Raises:
            GatewayError: a gateway failed; the error is that of the first.
        """
        failed: list[ComposerollError] = []
        for id_, some in texts.items():
            try:
                self._gateways[id_].restore(some)
                self._gateways[id_].reload()
            except Interrupted:
                raise
            except ComposerollError as failure:
                failed.append(failure)
        if failed:
            raise failed[0]

    @property
    def settled(self) -> bool:
        """Whether every nginx certainly uses its current files, after the reloads of this run."""
        return all(gateway.settled for gateway in self._gateways.values())

    def read(self, container: str, path: str) -> str | None:
        """Return a file as that gateway's processes see it, None if there is none."""
        return self._gateways[container].read(path)

    def untouched(self, container: str, path: str) -> bool:
        """Return whether a file there is unchanged since it was last read or written here."""
        return self._gateways[container].untouched(path)

    def old_workers(self) -> int:
        """Return how many workers from before a reload still run, in all gateways."""
        return sum(gateway.old_workers() for gateway in self._gateways.values())

    def held(self, leaving: Collection[str]) -> Held:
        """Return what these workers hold; `leaving` are the outgoing replicas' bare addresses."""
        total = Held()
        for gateway in self._gateways.values():
            total += gateway.held(leaving)
        return total

    def connections_to(self, addresses: Iterable[str]) -> Mapping[str, int]:
        """Return established connections from all gateways by address, as far as countable."""
        wanted = tuple(addresses)
        total: Counter[str] = Counter()
        for gateway in _one_of_each_namespace(self._gateways.values()):
            total.update(gateway.connections_to(wanted))
        return total

    def traffic(self, containers: Iterable[str], upstream: str) -> Traffic:
        """Follow the access logs of these gateways for an upstream's answers, from now on."""
        return all_of([self._gateways[one].traffic(upstream) for one in containers])


def _one_of_each_namespace(gateways: Iterable[Gateway]) -> Iterable[Gateway]:
    """Return one gateway of each network namespace: each sees all connections in it."""
    return {_namespace(gateway.container): gateway for gateway in gateways}.values()


def _namespace(container: Replica) -> str:
    shared = container.network_mode.startswith("container:")
    return container.network_mode if shared else container.id


def _undo_all(done: Iterable[_Change], failure: ComposerollError, back: PreviousTexts) -> None:
    for change in done:
        try:
            change.take_back(back)
        except Interrupted:
            raise  # the rollout undoes its steps after a signal
        except ComposerollError as error:
            name = change.gateway.container.name
            failure.serving = f"{name} could not be undone: {error.what}"
            failure.evidence += error.evidence
